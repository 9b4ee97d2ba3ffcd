"""The words of this feature: notices, who sends them, their clocks, and what is answered."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NewType
from uuid import UUID

from amparo.core.errors import Invalid
from amparo.core.ids import OrganisationId

NoticeId = NewType("NoticeId", UUID)


class NoticeKind(StrEnum):
    """What the notice says that the content is. It orders work, and is no finding."""

    CHILD = "child"
    INTIMATE = "intimate-images"
    OTHER = "other"


class Sender(StrEnum):
    """Who tells; trusted flaggers and hotlines have keys that say so."""

    USER = "user"
    TRUSTED_FLAGGER = "trusted-flagger"
    HOTLINE = "hotline"


class Outcome(StrEnum):
    """What was done."""

    REMOVED = "removed"
    RESTRICTED = "restricted"
    KEPT = "kept"
    NOT_FOUND = "not-found"
    PASSED_ON = "passed-on"


SIGNED_INTIMATE = timedelta(hours=48)
"""For a signed notice of intimate images published without consent (47 U.S.C. § 223a)."""

CLOCKS = MappingProxyType(
    {
        NoticeKind.CHILD: timedelta(hours=24),
        NoticeKind.INTIMATE: SIGNED_INTIMATE,
        NoticeKind.OTHER: timedelta(days=7),
    }
)
"""How long an answer may take. Ours but for the one above: no law names the others."""

TRUSTED = timedelta(hours=24)
"""Trusted flaggers and hotlines have priority: whatever they tell is answered within a day."""


MOST_LETTERS_WHY = 2000


Hash = tuple[str, str, int, str, int] | tuple[str, str, int, str, int, float | None]
"""Algorithm, value, quality, variant, frame, and when that is shown; older ones lack the last."""


@dataclass(frozen=True, slots=True, repr=False)
class NewNotice:
    """What somebody tells. Raises Invalid where it says neither where nor what.

    It is `signed` where the person, or somebody who may act for them, says so by name, in good
    faith, and can be reached.
    """

    kind: NoticeKind
    sender: Sender
    urls: tuple[str, ...] = ()
    explanation: str = ""
    contact: str = ""
    signature: str = ""
    good_faith: bool = False
    language: str = "en"
    has_media: bool = False

    def __post_init__(self) -> None:
        if not self.urls and not self.has_media and not self.explanation.strip():
            raise Invalid("A notice needs a URL, a file or an explanation: what is it about?")

    @property
    def is_signed(self) -> bool:
        """Whether it has all that a signed notice needs."""
        return bool(
            self.signature.strip()
            and self.good_faith
            and self.contact.strip()
            and (self.urls or self.has_media)
        )

    def due_at(self, received_at: datetime) -> datetime:
        """When it must be answered."""
        clock = CLOCKS[self.kind]
        if self.sender is not Sender.USER:
            clock = min(clock, TRUSTED)
        return received_at + clock


def check_why(why: str) -> None:
    """Raises Invalid where an answer does not say why, or says it at too great length."""
    if not why.strip():
        raise Invalid(
            "Say why: whoever told will read it, and a notice is answered once.", code="no_reason"
        )
    if len(why) > MOST_LETTERS_WHY:
        raise Invalid(f"Say why in {MOST_LETTERS_WHY} letters at most.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was done, and why; the same for everybody who asks with number and secret."""

    outcome: Outcome
    why: str
    answered_at: datetime
    answered_by: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice on record, without what only those need who answer it."""

    id: NoticeId
    organisation_id: OrganisationId
    number: str
    kind: NoticeKind
    sender: Sender
    is_signed: bool
    language: str
    received_at: datetime
    due_at: datetime
    received_by: str
    answer: Answer | None


@dataclass(frozen=True, slots=True, repr=False)
class Told:
    """All that somebody told; for whoever answers it."""

    notice: Notice
    urls: tuple[str, ...]
    explanation: str
    contact: str
    signature: str
    hashes: tuple[Hash, ...] = field(default=())
    """Of the file: algorithm, value in hexadecimal digits, quality, variant, frame."""

    held_as: str | None = None
