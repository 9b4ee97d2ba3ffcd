"""What a platform says of an upload, and what it is told."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class Said(BaseModel):
    """What comes from outside: a field that Amparo does not know is refused, not passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Uploader(Said):
    """The account. `id` is the platform's own name for it; give what cannot be guessed."""

    id: Name = ""
    account_age_days: Annotated[int, Field(strict=True, ge=-1, le=100_000)] = -1
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    earlier_decisions: Annotated[int, Field(strict=True, ge=-1, le=2**31)] = -1


class Context(Said):
    """Where it was uploaded."""

    surface: Literal["post", "message", "storage", "profile", "search"] = "post"
    labels: Annotated[tuple[Name, ...], Field(max_length=20)] = ()


class MediaMetadata(Said):
    """What the platform says beside the bytes; all of it may be left out."""

    uploader: Uploader = Uploader()
    context: Context = Context()


class UrlSubmission(MediaMetadata):
    """An upload that Amparo fetches itself, through the fetch guard."""

    url: Annotated[str, Field(min_length=1, max_length=4000)]


class MatchAnswer(BaseModel):
    """A signal that matched, and what its list says.

    Of a video `seconds` and `last_seconds` say where in it; of a listed video the other numbers say
    where in that, and how much of the frames of each is in the other. −1: there is no such number.
    """

    list: str
    list_kind: Literal["confirmed", "suspect", "negative"]
    subject: Literal["child", "adult"]
    signal: str
    algorithm: str
    exact: bool
    distance: int
    quality: int
    variant: str
    revision: int
    frame: int
    source: str
    labels: tuple[str, ...]
    classification: str
    confidence: float
    start: int = -1
    end: int = -1
    item: int = -1
    seconds: float = -1.0
    last_seconds: float = -1.0
    listed_seconds: float = -1.0
    listed_last_seconds: float = -1.0
    query_percent: float = -1.0
    listed_percent: float = -1.0
    remote: bool = False


class MediaAnswer(BaseModel):
    """A decision. `action` is what to do; all else says why.

    `suppressed` matches have no consequence, since a negative list knows the picture; `broken`
    rules could not be answered for this upload. Of a video, `is_whole` is false where it was held
    before all of its frames had been looked at.
    `scores` order people's work and decide nothing:
    that of `opennsfw` is of a model that detects adult nudity, and does not detect abuse.
    `unanswered` names who should have scored it and did not, with why.
    """

    media_id: str
    action: Literal["allow", "review", "hold", "block"]
    matches: list[MatchAnswer]
    suppressed: list[MatchAnswer]
    scores: dict[str, float]
    unanswered: dict[str, str] = {}
    decision_id: str
    policy_version: int
    rules: list[str]
    labels: list[str]
    queue: str
    priority: int
    blur: int = 0
    restrained: str
    broken: list[str]
    media_type: str
    problem: str
    decided_at: str
    frames: int = 0
    seconds: float = 0.0
    is_whole: bool = True


class DecisionsPage(BaseModel):
    """Decisions, the newest first; `next` asks for those before, None at the end."""

    decisions: list[MediaAnswer]
    next: str | None
