"""The sandbox as the operator's settings want it; light to import, so that it can start first."""

from amparo.core.settings import Settings
from amparo.detect.media.model import Limits
from amparo.detect.media.sandbox import Sandbox

PRELOAD = ("amparo.detect.hashing.preloaded", "amparo.detect.scoring.thumbnails")


def limits_of(settings: Settings) -> Limits:
    """The operator's limits for one file."""
    return Limits(
        max_pixels=settings.max_pixels,
        max_frames=settings.max_frames,
        sampled_frames=settings.sampled_frames,
        video_frames=settings.video_frames,
        video_length_seconds=settings.video_length_seconds,
        seconds=settings.item_seconds,
        memory_bytes=settings.item_memory_bytes,
    )


def open_sandbox(settings: Settings) -> Sandbox:
    """A sandbox whose workers can hash; it loads their kernels while the caller goes on."""
    return Sandbox(limits_of(settings), processes=settings.processes, preload=PRELOAD)
