"""Notices over HTTP: what somebody tells, what they are given, what is answered."""

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from amparo.wire.media import MatchAnswer, Said


def _of_the_web(url: str) -> str:
    """As it is, where a browser can open it and nothing else happens."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname
    except ValueError:
        host = None
    if not host or " " in host or parts.scheme not in ("http", "https"):
        raise ValueError("must be http://HOST/… or https://HOST/…")
    return url.strip()


Line = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
Lines = Annotated[str, Field(max_length=5000, pattern=r"^[^\x00]*$")]
Url = Annotated[
    str, Field(max_length=2000, pattern=r"^[^\x00-\x1f\x7f]*$"), AfterValidator(_of_the_web)
]
Number = Annotated[str, Field(max_length=40)]
LanguageName = Literal["en", "es"]
KindName = Literal["child", "intimate-images", "other"]
SenderName = Literal["user", "trusted-flagger", "hotline"]
OutcomeName = Literal["removed", "restricted", "kept", "not-found", "passed-on"]


class NoticeSaid(Said):
    """What somebody tells: where it is or what it is, and, if they want, who they are.

    `signature` is the name of the person, or of who may act for them; with `good_faith`, `contact`
    and a URL or a file, the notice is a signed one.
    """

    kind: KindName
    sender: SenderName = "user"
    urls: Annotated[tuple[Url, ...], Field(max_length=20)] = ()
    explanation: Lines = ""
    contact: Line = ""
    signature: Line = ""
    good_faith: Annotated[bool, Field(strict=True)] = False
    language: LanguageName = "en"


class NoticeAcknowledged(Said):
    """To be given to whoever told: with number and secret they can ask what became of it."""

    number: str
    secret: str
    received_at: datetime
    due_at: datetime
    signed: bool


class NoticeStatus(Said):
    """What became of a notice, in words; `why` is in the words of whoever answered."""

    number: str
    received_at: datetime
    due_at: datetime
    outcome: OutcomeName | None
    said: str
    why: str
    answered_at: datetime | None


class NoticeShown(Said):
    """A notice as those see it who answer it."""

    number: str
    kind: KindName
    sender: SenderName
    signed: bool
    language: LanguageName
    received_at: datetime
    due_at: datetime
    overdue: bool
    outcome: OutcomeName | None
    answered_at: datetime | None


class NoticeTold(NoticeShown):
    """All that was told, and what lists say of the file."""

    urls: list[str]
    explanation: str
    contact: str
    signature: str
    has_file: bool
    matches: list[MatchAnswer]


class NoticeAnswer(Said):
    """What was done, and why: whoever told will read it."""

    outcome: OutcomeName
    why: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
