"""The words of this feature: algorithms, digests, hashes of pictures and their variants.

What can be told of a value beyond its type stands beside it: answers of workers, in which hostile
bytes may have had a say, are held against it.
"""

import string
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from annotated_types import Interval, Len, Predicate

from amparo.core.problems import Problem
from amparo.detect.media.model import Kind

USABLE_QUALITY = 50
"""A PDQ hash of lower quality is no evidence: it is kept and marked, but not matched."""


class Algorithm(StrEnum):
    """The kinds of hashes, by the names that lists use."""

    PDQ = "pdq"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"

    @property
    def digits(self) -> int:
        """How many hexadecimal digits a value has."""
        return _DIGITS[self]

    @property
    def is_exact(self) -> bool:
        """Whether it tells identical bytes, and not alike pictures."""
        return self is not Algorithm.PDQ


_DIGITS = {Algorithm.PDQ: 64, Algorithm.MD5: 32, Algorithm.SHA1: 40, Algorithm.SHA256: 64}


class PdqInput(StrEnum):
    """Which pixels PDQ is computed from."""

    SEEN = "seen"
    """What a person sees, at full resolution: the default."""

    SCALED = "scaled"
    """The same from a JPEG decoded at a fraction of its size: faster, a few bits off."""

    COMPAT = "compat"
    """Raw channel values, as python-threatexchange hashes them."""


def _is_hexadecimal(text: str) -> bool:
    return set(text) <= _HEXADECIMAL


_HEXADECIMAL = frozenset(string.digits + "abcdef")
_Hexadecimal = Predicate(_is_hexadecimal)

PdqValue = Annotated[bytes, Len(32, 32)]
Quality = Annotated[int, Interval(ge=0, le=100)]
VariantName = Annotated[str, Len(0, 40)]


@dataclass(frozen=True, slots=True, repr=False)
class Digests:
    """Digests of a file's bytes, lower-case hexadecimal."""

    md5: Annotated[str, Len(32, 32), _Hexadecimal]
    sha1: Annotated[str, Len(40, 40), _Hexadecimal]
    sha256: Annotated[str, Len(64, 64), _Hexadecimal]

    def __repr__(self) -> str:
        return "Digests(…)"


@dataclass(frozen=True, slots=True, repr=False)
class Variant:
    """One hash that a look-up searches: the picture itself, turned, mirrored or without borders."""

    name: VariantName
    value: PdqValue
    quality: Quality

    def __repr__(self) -> str:
        return f"Variant({self.name!r})"


@dataclass(frozen=True, slots=True, repr=False)
class PictureHash:
    """The PDQ hash of one frame: 32 bytes, most significant bit first, and its quality."""

    frame: Annotated[int, Interval(ge=0)]
    value: PdqValue
    quality: Quality
    variants: tuple[Variant, ...] = ()

    @property
    def hex(self) -> str:
        """The 64 digits by which the field exchanges PDQ hashes."""
        return self.value.hex()

    def __repr__(self) -> str:
        return f"PictureHash(frame={self.frame}, quality={self.quality})"


@dataclass(frozen=True, slots=True)
class MediaHashes:
    """All hashes of one file; `problem` tells why there are none, or fewer, of its pictures."""

    kind: Kind
    size_bytes: Annotated[int, Interval(ge=0)]
    digests: Digests
    pictures: tuple[PictureHash, ...] = ()
    problem: Problem | None = None
