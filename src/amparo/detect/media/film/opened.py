"""A video opened by FFmpeg, which is told beforehand what it is and may not look anywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

from amparo.core.problems import ProblemCode
from amparo.detect.media.model import Kind, MediaError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

FORMATS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.MP4: "mov",
        Kind.QUICKTIME: "mov",
        Kind.WEBM: "matroska",
        Kind.MATROSKA: "matroska",
        Kind.AVI: "avi",
        Kind.MPEG: "mpeg",
        Kind.MPEG_STREAM: "mpegvideo",
        Kind.MPEG_TS: "mpegts",
        Kind.FLV: "flv",
        Kind.ASF: "asf",
        Kind.OGG: "ogg",
    }
)
"""What FFmpeg calls the containers. It never guesses: some of its guesses read other files."""

_OPTIONS = {"enable_drefs": "0", "use_absolute_path": "0"}
_BLOCK_BYTES = 256 * 1024


@cache
def has_library() -> bool:
    """Whether PyAV is installed; looked for once, since a sandbox cannot look."""
    return find_spec("av") is not None


def library() -> ModuleType:
    """PyAV: heavy, and an extra. Raises MediaError where it is not installed."""
    if not has_library():
        raise MediaError(
            ProblemCode.MEDIA_VIDEO_MISSING,
            "Videos need an extra of Amparo: pip install 'amparo[video]'. Until then only their "
            "digests can be compared.",
        )
    return import_module("av")


def opened(data: bytes, kind: Kind) -> InputContainer:
    """The container in `data`, closed by `with`. Raises MediaError where it cannot be read."""
    av = library()
    with failures_named(kind):
        container: InputContainer = av.open(
            BytesIO(data),
            format=FORMATS[kind],
            options=_OPTIONS if FORMATS[kind] == "mov" else {},
            metadata_errors="replace",
            buffer_size=_BLOCK_BYTES,
        )
    return container


@contextmanager
def failures_named(kind: Kind) -> Iterator[None]:
    """Tell in our words what FFmpeg fails with; its own may quote the file.

    Raises MediaError, and MemoryError where that is what FFmpeg ran out of.
    """
    av = library()
    try:
        yield
    except (av.FFmpegError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise problem_with_film(kind, error) from error


def problem_with_film(kind: Kind, error: Exception) -> MediaError:
    """What an error of FFmpeg means. Raises MemoryError where that is what it ran out of."""
    if re.search(r"memory|alloc", str(error), re.IGNORECASE):
        raise MemoryError from error
    if isinstance(error, library().error.DecoderNotFoundError):
        return unknown_codec(kind)
    return MediaError(
        ProblemCode.MEDIA_DAMAGED, f"The {kind.value} is damaged; what is left is not hashed."
    )


def video_streams(container: InputContainer, kind: Kind) -> dict[int, VideoStream]:
    """Those that can be decoded, by their places. Raises MediaError where there is none."""
    streams = container.streams.video
    known = {place: each for place, each in enumerate(streams) if each.codec_context is not None}
    if known:
        return known
    if streams:
        raise unknown_codec(kind)
    if container.streams.audio:
        raise MediaError(
            ProblemCode.MEDIA_NO_VIDEO,
            f"The {kind.value} holds sound and no picture; only its digests can be compared.",
        )
    raise MediaError(
        ProblemCode.MEDIA_DAMAGED,
        f"The {kind.value} holds neither pictures nor sound; only its digests can be compared.",
    )


def unknown_codec(kind: Kind) -> MediaError:
    """What is told of a video, or of one of several, that cannot be decoded."""
    return MediaError(
        ProblemCode.MEDIA_UNKNOWN_CODEC,
        f"The {kind.value} holds a video of a kind that Amparo cannot decode.",
    )
