"""The words of this feature: a signal, and a list of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from amparo.core.errors import Invalid
from amparo.core.ids import ListId, OrganisationId, SignalNumber
from amparo.detect.hashing.model import OWN, USABLE_QUALITY, Algorithm
from amparo.detect.hashing.plug_ins import algorithm

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,98}")


class ListKind(StrEnum):
    """What a list's operator makes of a match with it."""

    CONFIRMED = "confirmed"
    """Verified by people: an exact digest may act by itself."""

    SUSPECT = "suspect"
    """Only ever orders people's work."""

    NEGATIVE = "negative"
    """Known harmless: suppresses perceptual matches close to its own."""


class Subject(StrEnum):
    """Whom the content of a list shows; the two never mix."""

    CHILD = "child"
    ADULT = "adult"


def checked_name(name: str) -> str:
    """A name that a list may have. Raises Invalid."""
    if not NAME.fullmatch(name):
        raise Invalid(
            f"{name!r} is no name for a list: lower-case letters, digits, '.', '_' and '-', "
            "99 at most, beginning with a letter or digit."
        )
    return name


def checked_radii(radii: Mapping[str, int]) -> dict[str, int]:
    """Radii of hash types that are plugged in. Raises Invalid where one is of no such type."""
    for name in radii:
        if algorithm(name) in OWN:
            raise Invalid(f"{name!r} is no plugged-in hash type; a list's radius_bits are PDQ's.")
    return dict(radii)


@dataclass(frozen=True, slots=True)
class Contract:
    """On which terms the operator holds a list. By default it is not shared and serves nobody else.

    `territory` are countries as ISO 3166 codes, none meaning anywhere; `purpose` and `terms` are
    words for people; `retention_days` None means until it is withdrawn.
    """

    territory: tuple[str, ...] = ()
    purpose: str = ""
    terms: str = ""
    redistribution: bool = False
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class VideoRule:
    """When a video counts as one that a list names, by vPDQ's definition: where both hold.

    So many percent of the frames that are looked up are in the listed video, and so many percent of
    the listed video's frames are in what is looked up.
    """

    query_percent: int
    listed_percent: int


MOST_VIDEO_RULES = 10


def checked_video_rules(rules: Sequence[tuple[int, int]]) -> tuple[VideoRule, ...]:
    """Rules of a list, each the percent of what is looked up and of what is listed. Raises Invalid.

    One that both are 0 of would make a match of every single frame. The same rule twice is one.
    """
    rules = tuple(dict.fromkeys(rules))
    if not 1 <= len(rules) <= MOST_VIDEO_RULES:
        raise Invalid(f"A list has from 1 to {MOST_VIDEO_RULES} video rules.")
    for query, listed in rules:
        if not (0 <= query <= 100 and 0 <= listed <= 100) or (query, listed) == (0, 0):
            raise Invalid(
                f"{query}:{listed} is no video rule: percent of what is looked up and of what is "
                "listed, such as 80:0, not both 0."
            )
    return tuple(VideoRule(query, listed) for query, listed in rules)


VIDEO_RULES = (VideoRule(80, 0), VideoRule(0, 80))
"""A part of a listed video, or a video that holds a listed one."""


@dataclass(frozen=True, slots=True)
class NewList:
    """A list to be made. Perceptual hashes count within `radius_bits`, from a quality on.

    The usual radius is 31 bits, and 10 for a negative list. `radii` are those of hash types that
    are plugged in, by name, where they shall not be the types' own. It counts for a share of
    uploads. A video counts where one of `video_rules` holds.
    """

    name: str
    kind: ListKind = ListKind.SUSPECT
    subject: Subject = Subject.CHILD
    radius_bits: int | None = None
    minimum_quality: int = USABLE_QUALITY
    contract: Contract = Contract()
    radii: Mapping[str, int] = field(default_factory=dict)
    enabled_share: float = 1.0
    video_rules: tuple[VideoRule, ...] = VIDEO_RULES


@dataclass(frozen=True, slots=True)
class SignalList:
    """A list on record. `number` stands for it in an index; `revision` counts its changes.

    Of one that was `removed`, hosts are still told; nobody else sees it.
    """

    id: ListId
    organisation_id: OrganisationId
    number: int
    name: str
    kind: ListKind
    subject: Subject
    radius_bits: int
    minimum_quality: int
    contract: Contract
    revision: int
    radii: Mapping[str, int] = field(default_factory=dict)
    enabled_share: float = 1.0
    removed: bool = False
    video_rules: tuple[VideoRule, ...] = VIDEO_RULES


@dataclass(frozen=True, slots=True, repr=False)
class Signal:
    """A hash that a list vouches for: `value` in lower-case hexadecimal digits, and why.

    `text` is what the field writes where a signal is no hash of a fixed width, such as the frames
    of a video; `value` is a digest of it then.
    """

    id: str
    algorithm: Algorithm
    value: str
    quality: int | None = None
    source: str = ""
    labels: tuple[str, ...] = ()
    classification: str = ""
    confidence: float | None = None
    expires: datetime | None = None
    enabled_share: float = 1.0
    note: str = ""
    text: str = ""

    def is_live(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires is None or now < self.expires

    def __repr__(self) -> str:
        return f"Signal({self.id!r}, {self.algorithm.value})"


@dataclass(frozen=True, slots=True, repr=False)
class StoredSignal:
    """A signal on record, by its number; `revision` is the list's that added it.

    `content` is the number under which it is known where it replaces another that was disabled or
    belongs to several; before `not_before` it is disabled.
    """

    number: SignalNumber
    list_number: int
    revision: int
    signal: Signal
    content: int | None = None
    not_before: datetime | None = None

    @property
    def content_id(self) -> int:
        """The number of its content, which stays when it is disabled and enabled."""
        return self.number if self.content is None else self.content

    def is_live(self, now: datetime) -> bool:
        """Whether it counts already, and has not expired."""
        return (self.not_before is None or self.not_before <= now) and self.signal.is_live(now)

    def __repr__(self) -> str:
        return f"StoredSignal({self.number})"


@dataclass(frozen=True, slots=True)
class Change:
    """A published change of a list; what it added and withdrew is asked for by its number."""

    number: int
    list_number: int
    revision: int


@dataclass(frozen=True, slots=True, repr=False)
class KnownList:
    """The signals of one list file; `unhashed` counts lines about files that had no hash."""

    name: str
    signals: tuple[Signal, ...]
    unhashed: int = 0

    def __repr__(self) -> str:
        return f"KnownList({self.name!r}, {len(self.signals)} signals)"
