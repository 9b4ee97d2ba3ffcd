"""From the bytes of a JPEG to its PDQ hash, against threatexchange and against bare decoding."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import simplejpeg
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

from amparo.detect.hashing.hash_media import hash_pictures
from amparo.detect.hashing.model import PdqInput
from amparo.detect.hashing.warm_up import warm_up
from amparo.detect.media.model import Kind, Limits
from amparo.detect.media.scratch import Scratch
from benchmarks.figures import Figure, medians_ms
from benchmarks.pictures import collages, enlarged

SIZES: tuple[tuple[str, int, int, int, float | None, float | None], ...] = (
    # megapixels, width, height, rounds, target of the default, target of scaled
    ("0.3 MP", 640, 480, 12, 6.5, 8.5),
    ("2 MP", 1632, 1224, 5, 6.5, 11.0),
    ("12 MP", 4000, 3000, 2, 13.0, 28.0),
)

MAKERS = {"photograph": enlarged, "collage": collages}
"""Targets hold for photographs; of a collage bare decoding alone can take more than they allow."""

Times = dict[str, list[float]]

BARE_TARGET = 1.15
PICTURES = 8

SETTLING = 3
"""Runs until the caches hold what this contestant works on, and no longer the one's before it."""


def measure(size: int = 100) -> list[Figure]:
    """Medians over pictures of medians over rounds, in milliseconds; `size` in % of all rounds."""
    figures = []
    for kind in MAKERS:
        for label, width, height, rounds, target, scaled_target in SIZES:
            if kind == "collage" and label == "0.3 MP":
                continue  # at this size a collage is one photograph
            # A process of its own each, so that none inherits memory that another has warmed.
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                share = max(1, rounds * size // 100)
                times = process.submit(_times, kind, width, height, share).result()
            name = f"{label} {kind}"
            if kind == "collage":
                target, scaled_target = None, None
            bare_target = BARE_TARGET if name == "2 MP photograph" else None
            figures += [
                _against_peer(f"{name}, default", times, "default", target),
                _against_peer(f"{name}, scaled", times, "scaled", scaled_target),
                _against_peer(f"{name}, bare decode", times, "bare", None),
                _against_peer(f"{name}, bare grey decode", times, "grey", None),
                Figure.of(
                    f"{name}, default over bare decode",
                    "ms",
                    times["default"],
                    times["bare"],
                    "simplejpeg",
                    target=bare_target,
                    at_most=True,
                ),
            ]
    return figures


def _against_peer(name: str, times: Times, ours: str, target: float | None) -> Figure:
    peer = "threatexchange"
    return Figure.of(name, "ms", times[ours], times[peer], peer, target=target)


def _times(kind: str, width: int, height: int, rounds: int) -> Times:
    warm_up()
    pictures = MAKERS[kind](width, height, PICTURES)
    each = [
        medians_ms(_contestants(data), rounds, unmeasured=SETTLING, measured=4) for data in pictures
    ]
    return {name: [times[name] for times in each] for name in each[0]}


def _contestants(data: bytes) -> dict[str, Callable[[], object]]:
    limits = Limits()
    height, width, _, _ = simplejpeg.decode_jpeg_header(data)
    room = Scratch().room(height * width * 3)  # as good a place as ours
    smallest = {"min_height": height // 8, "min_width": width // 8, "min_factor": 8}
    return {
        "default": lambda: list(hash_pictures(data, Kind.JPEG, limits)),
        "scaled": lambda: list(hash_pictures(data, Kind.JPEG, limits, pdq_input=PdqInput.SCALED)),
        "threatexchange": lambda: pdq_from_bytes(data),
        "bare": lambda: simplejpeg.decode_jpeg(data, "RGB", strict=True, buffer=room),
        "grey": lambda: simplejpeg.decode_jpeg(data, "GRAY", **smallest),
    }
