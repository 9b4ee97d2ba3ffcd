"""An object of a catalogue that some signal may match, with all its hashes."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from amparo.detect.hashing.model import Algorithm
from amparo.detect.matching.host.asked import Asked

Hit = tuple[int, int, int]
"""Which of the object's hashes, the signal's number, the distance in bits."""

DIGESTS = (Algorithm.SHA256, Algorithm.SHA1, Algorithm.MD5)
"""In the order in which they stand before an object's perceptual hashes."""


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """A perceptual hash of an object: of which frame and variant, and when it is shown."""

    value: str
    quality: int
    variant: str
    frame: int
    seconds: float | None


@dataclass(frozen=True, slots=True, repr=False)
class Candidate:
    """An object, its hashes in hexadecimal digits, and which signals lie near which of them.

    `hashes` counts the digests first, and then `pictures`.
    """

    generation: int
    source: str
    key: str
    key_bytes: str
    object: str
    digests: Sequence[str]
    pictures: Sequence[Picture]
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
                Asked(
                    Algorithm.PDQ, bytes.fromhex(each.value), each.quality, each.variant,
                    each.frame, lot, each.seconds,
                )
                for each in self.pictures
            ),
        ]  # fmt: skip


def as_bytes(candidates: Sequence[Candidate]) -> bytes:
    """For whoever gave the work."""
    return json.dumps([asdict(each) for each in candidates]).encode()


def candidates_of(data: bytes) -> list[Candidate]:
    """What `as_bytes` made."""
    return [
        Candidate(**{**each, "pictures": [Picture(**one) for one in each["pictures"]]})
        for each in json.loads(data)
    ]
