"""The words of this feature: algorithms, digests, hashes of pictures and their variants.

What can be told of a value beyond its type stands beside it: answers of workers, in which hostile
bytes may have had a say, are held against it.
"""

import string
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

from annotated_types import Interval, Len, Predicate

from amparo.core.problems import Problem
from amparo.detect.media.model import Kind

USABLE_QUALITY = 50
"""A PDQ hash of lower quality is no evidence: it is kept and marked, but not matched."""

MOST_BYTES = 4096
"""No hash is longer."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A kind of hashes, by the name that lists use. Amparo brings some; plug-ins add others.

    All values of one have `width_bytes`. `is_exact` tells identical bytes, and not alike pictures.
    One that `has_text` is written in lists as a text; its values are digests of such texts.
    """

    value: str
    width_bytes: int
    is_exact: bool = False
    has_text: bool = False

    PDQ: ClassVar["Algorithm"]
    MD5: ClassVar["Algorithm"]
    SHA1: ClassVar["Algorithm"]
    SHA256: ClassVar["Algorithm"]
    VPDQ: ClassVar["Algorithm"]
    URL: ClassVar["Algorithm"]
    URL_PREFIX: ClassVar["Algorithm"]
    URL_HOST: ClassVar["Algorithm"]
    EMAIL: ClassVar["Algorithm"]
    ACCOUNT: ClassVar["Algorithm"]
    KEYWORD: ClassVar["Algorithm"]
    REGEX: ClassVar["Algorithm"]

    @property
    def digits(self) -> int:
        """How many hexadecimal digits a value has."""
        return 2 * self.width_bytes


Algorithm.PDQ = Algorithm("pdq", 32)
Algorithm.MD5 = Algorithm("md5", 16, is_exact=True)
Algorithm.SHA1 = Algorithm("sha1", 20, is_exact=True)
Algorithm.SHA256 = Algorithm("sha256", 32, is_exact=True)
Algorithm.VPDQ = Algorithm("vpdq", 32, has_text=True)
Algorithm.URL = Algorithm("url", 32, has_text=True)
Algorithm.URL_PREFIX = Algorithm("url_prefix", 32, has_text=True)
Algorithm.URL_HOST = Algorithm("url_host", 32, has_text=True)
Algorithm.EMAIL = Algorithm("email", 32, has_text=True)
Algorithm.ACCOUNT = Algorithm("account", 32, has_text=True)
Algorithm.KEYWORD = Algorithm("keyword", 32, has_text=True)
Algorithm.REGEX = Algorithm("regex", 32, has_text=True)

LINKS = (Algorithm.URL, Algorithm.URL_PREFIX, Algorithm.URL_HOST)
NAMES = (Algorithm.EMAIL, Algorithm.ACCOUNT)
"""Of these neither text nor digest is kept, but a digest made with a key."""

WRITTEN = (*LINKS, *NAMES, Algorithm.KEYWORD, Algorithm.REGEX)
"""What people write, and not what a file is: looked up in texts, by equal values."""

OWN = (
    Algorithm.PDQ, Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256, Algorithm.VPDQ, *WRITTEN,
)  # fmt: skip
"""Those that Amparo brings."""


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
    seconds: float | None = None
    """When it is shown; None for a still picture."""

    @property
    def hex(self) -> str:
        """The 64 digits by which the field exchanges PDQ hashes."""
        return self.value.hex()

    def __repr__(self) -> str:
        return f"PictureHash(frame={self.frame}, quality={self.quality})"


@dataclass(frozen=True, slots=True, repr=False)
class OtherHash:
    """A hash that a plug-in made of a frame, by the name of its type."""

    algorithm: Annotated[str, Len(1, 20)]
    value: Annotated[bytes, Len(1, MOST_BYTES)]
    quality: Quality = 100
    frame: Annotated[int, Interval(ge=0)] = 0

    def __repr__(self) -> str:
        return f"OtherHash({self.algorithm!r}, frame={self.frame})"


@dataclass(frozen=True, slots=True)
class Film:
    """What is told of moving pictures: their length, and how many frames there are to hash.

    So many of these were `seen`; `is_whole` where all of them were.
    """

    seconds: float = 0.0
    frames: Annotated[int, Interval(ge=0)] = 0
    is_whole: bool = False
    seen: Annotated[int, Interval(ge=0)] = 0


@dataclass(frozen=True, slots=True)
class MediaHashes:
    """All hashes of one file; `problem` tells why there are none, or fewer, of its pictures.

    `film` is None for still pictures and for what shows nothing.
    """

    kind: Kind
    size_bytes: Annotated[int, Interval(ge=0)]
    digests: Digests
    pictures: tuple[PictureHash, ...] = ()
    problem: Problem | None = None
    others: tuple[OtherHash, ...] = ()
    film: Film | None = None
