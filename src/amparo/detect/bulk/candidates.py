"""An object of a catalogue that some signal may match, with all its hashes."""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from amparo.detect.hashing.model import Algorithm
from amparo.detect.matching.host.asked import Asked

Hit = tuple[int, int, int]
"""Which of the object's hashes, the signal's number, the distance in bits."""

DIGESTS = (Algorithm.SHA256, Algorithm.SHA1, Algorithm.MD5)
"""In the order in which they stand before an object's perceptual hashes."""

HASHES_A_PORTION = 50_000
"""Of candidates that are looked at together; one of them may have more alone."""

_READ_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Pictures:
    """The perceptual hashes of an object, a list each: of which frames and variants, and when."""

    values: Sequence[str]
    qualities: Sequence[int]
    variants: Sequence[str]
    frames: Sequence[int]
    seconds: Sequence[float | None]

    def __len__(self) -> int:
        return len(self.values)

    def lists(self) -> tuple[Sequence[Any], ...]:
        """All of it, in the order of the fields."""
        return self.values, self.qualities, self.variants, self.frames, self.seconds


@dataclass(frozen=True, slots=True, repr=False)
class Candidate:
    """An object, its hashes in hexadecimal digits, and which signals lie near which of them.

    `hits` count the digests first, and then the pictures.
    """

    generation: int
    source: str
    key: str
    key_bytes: str
    object: str
    digests: Sequence[str]
    pictures: Pictures
    hits: Sequence[Hit]

    def asked(self) -> list[Asked]:
        """All that a look-up of the file itself would ask."""
        lot = bytes.fromhex(self.digests[0])
        return [
            *(
                Asked(algorithm, bytes.fromhex(digest), lot=lot)
                for algorithm, digest in zip(DIGESTS, self.digests, strict=True)
            ),
            *(
                Asked(Algorithm.PDQ, bytes.fromhex(value), quality, variant, frame, lot, seconds)
                for value, quality, variant, frame, seconds in zip(
                    *self.pictures.lists(), strict=True
                )
            ),
        ]


def as_bytes(candidates: Iterable[Candidate]) -> bytes:
    """For whoever gave the work; no more than one of them is held beside that."""
    packer = zlib.compressobj(1)
    packed = [packer.compress(json.dumps(_fields(each)).encode() + b"\n") for each in candidates]
    return b"".join([*packed, packer.flush()])


def candidates_of(data: bytes) -> Iterator[Candidate]:
    """What `as_bytes` made, one after the other."""
    yield from map(_candidate, _lines(data))


def _fields(of: Candidate) -> list[object]:
    about = of.generation, of.source, of.key, of.key_bytes, of.object, of.digests
    return [about, of.pictures.lists(), of.hits]


def _candidate(line: bytes) -> Candidate:
    (generation, source, key, key_bytes, of, digests), pictures, hits = json.loads(line)
    return Candidate(
        generation, source, key, key_bytes, of, digests, Pictures(*pictures),
        [(place, signal, distance) for place, signal, distance in hits],
    )  # fmt: skip


def portions(candidates: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    """Some at a time, by how many hashes they have."""
    some: list[Candidate] = []
    count = 0
    for each in candidates:
        some.append(each)
        count += len(DIGESTS) + len(each.pictures)
        if count >= HASHES_A_PORTION:
            yield some
            some, count = [], 0
    if some:
        yield some


def _lines(data: bytes) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    begun = b""
    while data:
        *lines, begun = (begun + unpacker.decompress(data, _READ_BYTES)).split(b"\n")
        data = unpacker.unconsumed_tail
        yield from lines
    *lines, _ = (begun + unpacker.flush()).split(b"\n")
    yield from lines
