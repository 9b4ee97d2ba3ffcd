"""What is looked up: each digest, and each variant of each picture, of a file."""

from dataclasses import dataclass

from amparo.detect.hashing.model import Algorithm, MediaHashes
from amparo.detect.hashing.plug_ins import algorithm
from amparo.detect.hashing.vpdq import vpdq_frames
from amparo.detect.lists.model import Signal
from amparo.detect.matching.match import ORIGINAL


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A hash that is looked up: of which frame and variant, and of what quality."""

    algorithm: Algorithm
    value: bytes
    quality: int = 100
    variant: str = ORIGINAL
    frame: int = 0
    lot: bytes = b""
    """What decides whether a signal of which a share is enabled counts; empty: the value."""

    seconds: float | None = None
    """When the frame is shown; None for a still picture."""

    last_seconds: float | None = None
    """When a frame with this very hash is shown for the last time, where that is later."""

    file: int = 0
    """Of several files that are looked up at once, which it belongs to."""

    start: int = -1
    """Where in a text it begins, in code points; −1 where it is not of a text."""

    end: int = -1

    item: int = -1
    """Of several links or names that are looked up at once, which it is."""


def asked_of_signal(signal: Signal, file: int = 0) -> list[Asked]:
    """What is looked up for a hash by itself; for a video, its frames."""
    if signal.algorithm != Algorithm.VPDQ:
        quality = 100 if signal.quality is None else signal.quality
        return [Asked(signal.algorithm, bytes.fromhex(signal.value), quality, file=file)]
    return [
        Asked(Algorithm.PDQ, each.value, each.quality, frame=place, seconds=each.seconds, file=file)
        for place, each in enumerate(vpdq_frames(signal.text))
    ]


def asked_of(hashes: MediaHashes) -> list[Asked]:
    """Everything that is looked up for a file: its digests, and each picture's variants.

    Of frames with the same hash the first, which knows when the last of them is shown.
    """
    digests = hashes.digests
    lot = bytes.fromhex(digests.sha256)
    before: dict[bytes, int] = {}
    last: dict[bytes, float] = {}
    for picture in hashes.pictures:
        before.setdefault(picture.value, picture.frame)
        if picture.seconds is not None:
            last[picture.value] = max(picture.seconds, last.get(picture.value, 0.0))
    return [
        Asked(Algorithm.SHA256, lot, lot=lot),
        Asked(Algorithm.SHA1, bytes.fromhex(digests.sha1), lot=lot),
        Asked(Algorithm.MD5, bytes.fromhex(digests.md5), lot=lot),
        *(
            Asked(
                Algorithm.PDQ, variant.value, variant.quality, variant.name, picture.frame, lot,
                picture.seconds,
                _later(last.get(picture.value), picture.seconds),
            )
            for picture in hashes.pictures
            if picture.seconds is None or before[picture.value] == picture.frame
            for variant in picture.variants
        ),
        *(
            Asked(algorithm(each.algorithm), each.value, each.quality, frame=each.frame, lot=lot)
            for each in hashes.others
        ),
    ]  # fmt: skip


def _later(last: float | None, first: float | None) -> float | None:
    return last if last is not None and first is not None and last > first else None
