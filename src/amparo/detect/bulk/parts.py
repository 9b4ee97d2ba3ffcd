"""What a part of a catalogue is called: its run, which of its batches, a digest of its bytes."""

import hashlib
import re
from dataclasses import dataclass

from amparo.core.errors import Invalid

PARTS = "parts"

_REPLACES = "-replaces.parquet"
_OURS = re.compile(r"[^/]+/(\d{6,})-\d{8,}-[^-./]+(?:-([0-9a-f]{16}))?(?:-replaces)?\.parquet")


@dataclass(frozen=True, slots=True)
class PartName:
    """Which run made a part, and which of its batches; its digest is known once it is written."""

    generation: int
    number: int
    run: str
    replaces: bool = False
    """Whether it has a row of an object that an earlier generation has too."""

    def __str__(self) -> str:
        end = _REPLACES if self.replaces else ".parquet"
        return f"{PARTS}/{self.generation:06d}-{self.number:08d}-{self.run}{end}"


def is_ours(part: str) -> bool:
    """Whether a file in a catalogue is called as a part is."""
    return _OURS.fullmatch(part) is not None


def generation_of(part: str) -> int:
    """Which run made it, by its name. Raises Invalid where the name is none of ours."""
    ours = _OURS.fullmatch(part)
    if ours is None:
        raise Invalid(f"{part} is no part of a catalogue; move it away.")
    return int(ours[1])


def has_replaced(part: str) -> bool:
    """Whether a part has rows of objects that an earlier generation has too."""
    return part.endswith(_REPLACES)


def with_digest(part: str, data: bytes) -> str:
    """The name of a part that has these bytes."""
    end = _REPLACES if has_replaced(part) else ".parquet"
    return f"{part.removesuffix(end)}-{_digest(data)}{end}"


def has_digest(part: str) -> bool:
    """Whether its name tells of its bytes; those of earlier versions of Amparo did not."""
    ours = _OURS.fullmatch(part)
    return ours is not None and ours[2] is not None


def is_whole(part: str, data: bytes) -> bool:
    """Whether these are the bytes that its name tells of, so far as it does."""
    ours = _OURS.fullmatch(part)
    return ours is None or ours[2] is None or ours[2] == _digest(data)


def _digest(data: bytes) -> str:
    """64 bits, against accidents: whoever may write a catalogue may change it all."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()
