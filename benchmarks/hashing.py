"""From the bytes of a JPEG to its PDQ hash, against threatexchange and against bare decoding."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median

import simplejpeg
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

from amparo.detect.hashing.hash_media import hash_pictures
from amparo.detect.hashing.model import PdqInput
from amparo.detect.hashing.warm_up import warm_up
from amparo.detect.media.model import Kind, Limits
from benchmarks.figures import Figure, medians_ms
from benchmarks.pictures import collages, enlarged

SIZES = (
    # megapixels, width, height, rounds, target of the default, target of scaled
    ("0.3 MP", 640, 480, 45, 6.5, 8.5),
    ("2 MP", 1632, 1224, 15, 6.5, 11.0),
    ("12 MP", 4000, 3000, 5, 13.0, 28.0),
)

MAKERS = {"photograph": enlarged, "collage": collages}

BARE_TARGET = 1.15
PICTURES = 8


def measure(size: int = 100) -> list[Figure]:
    """Medians over pictures of medians over rounds, in milliseconds; `size` in % of all rounds."""
    figures = []
    for kind in MAKERS:
        for label, width, height, rounds, target, scaled_target in SIZES:
            # A process of its own each, so that none inherits memory that another has warmed.
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                share = max(1, rounds * size // 100)
                times = process.submit(_times, kind, width, height, share).result()
            theirs, bare = times["threatexchange"], times["bare"]
            name = f"{label} {kind}"
            figures += [
                _against_peer(f"{name}, default", times["default"], theirs, target),
                _against_peer(f"{name}, scaled", times["scaled"], theirs, scaled_target),
                _against_peer(f"{name}, bare decode", bare, theirs, None),
                _against_peer(f"{name}, bare grey decode", times["grey"], theirs, None),
                Figure(
                    f"{name}, default over bare decode",
                    "ms",
                    times["default"],
                    bare,
                    "simplejpeg",
                    BARE_TARGET if label == "2 MP" else None,
                    at_most=True,
                ),
            ]
    return figures


def _against_peer(name: str, ours: float, theirs: float, target: float | None) -> Figure:
    return Figure(name, "ms", ours, theirs, "threatexchange", target)


def _times(kind: str, width: int, height: int, rounds: int) -> dict[str, float]:
    warm_up()
    pictures = MAKERS[kind](width, height, PICTURES)
    each = [medians_ms(_contestants(data), rounds) for data in pictures]
    return {name: median(times[name] for times in each) for name in each[0]}


def _contestants(data: bytes) -> dict[str, Callable[[], object]]:
    limits = Limits()
    height, width, _, _ = simplejpeg.decode_jpeg_header(data)
    smallest = {"min_height": height // 8, "min_width": width // 8, "min_factor": 8}
    return {
        "default": lambda: list(hash_pictures(data, Kind.JPEG, limits)),
        "scaled": lambda: list(hash_pictures(data, Kind.JPEG, limits, pdq_input=PdqInput.SCALED)),
        "threatexchange": lambda: pdq_from_bytes(data),
        "bare": lambda: simplejpeg.decode_jpeg(data, "RGB"),
        "grey": lambda: simplejpeg.decode_jpeg(data, "GRAY", **smallest),
    }
