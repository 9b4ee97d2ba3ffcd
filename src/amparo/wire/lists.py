"""Lists and their signals, as they are made, changed and told."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from amparo.wire.matches import AlgorithmName
from amparo.wire.media import Name, Said

ListName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,98}$")]
Text = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00]*$")]


def _told_in_words(value: object) -> object:
    """Raises ValueError for a number, which would be taken for seconds since 1970."""
    if not isinstance(value, str | datetime):
        raise ValueError("must be a time such as 2027-01-31T00:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_told_in_words)]


Radii = Annotated[
    dict[AlgorithmName, Annotated[int, Field(strict=True, ge=0, lt=2**31)]], Field(max_length=20)
]
"""How far hashes of types that are plugged in may lie apart, where it is not the types' own."""


SignalValue = Annotated[str, Field(min_length=1, max_length=1_000_000, pattern=r"^[^\x00]*$")]
"""Hexadecimal digits; of a kind that is no single hash, what a list file has."""


class ContractBody(Said):
    """On which terms a list is held."""

    territory: Annotated[tuple[str, ...], Field(max_length=250)] = ()
    purpose: Text = ""
    terms: Text = ""
    redistribution: Annotated[bool, Field(strict=True)] = False
    retention_days: Annotated[int, Field(strict=True, ge=1, le=36_500)] | None = None


class VideoRuleBody(Said):
    """Percent of the frames looked up, and of the listed video's, that must be in the other."""

    query_percent: Annotated[int, Field(strict=True, ge=0, le=100)]
    listed_percent: Annotated[int, Field(strict=True, ge=0, le=100)]


class NewListBody(Said):
    """A list to be made."""

    name: ListName
    kind: Literal["confirmed", "suspect", "negative"] = "suspect"
    subject: Literal["child", "adult"] = "child"
    radius_bits: Annotated[int, Field(strict=True, ge=0, le=31)] | None = None
    minimum_quality: Annotated[int, Field(strict=True, ge=0, le=100)] = 50
    contract: ContractBody = ContractBody()
    radii: Radii = {}  # noqa: RUF012 (Pydantic copies it)
    enabled_share: Annotated[float, Field(strict=True, ge=0, le=1)] = 1.0
    video_rules: Annotated[tuple[VideoRuleBody, ...], Field(min_length=1, max_length=10)] = (
        VideoRuleBody(query_percent=80, listed_percent=0),
        VideoRuleBody(query_percent=0, listed_percent=80),
    )


class ListAnswer(BaseModel):
    """A list. `revision` counts its changes; of uploads, it counts for `enabled_share`."""

    id: str
    name: str
    kind: str
    subject: str
    radius_bits: int
    minimum_quality: int
    contract: ContractBody
    revision: int
    radii: dict[str, int] = {}
    enabled_share: float = 1.0
    video_rules: tuple[VideoRuleBody, ...] = ()


class NewSignal(Said):
    """A signal to be added."""

    algorithm: AlgorithmName
    value: SignalValue
    id: Name = ""
    quality: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None
    source: Name = ""
    labels: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    classification: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] = ""
    confidence: Annotated[float, Field(strict=True, ge=0, le=1)] | None = None
    expires: Moment | None = None
    enabled_share: Annotated[float, Field(strict=True, ge=0, le=1)] = 1.0
    note: Text = ""


class AddSignals(Said):
    """Signals to be added, as one change."""

    signals: Annotated[tuple[NewSignal, ...], Field(min_length=1, max_length=1000)]


class WithdrawSignals(Said):
    """Signals to be withdrawn, by their numbers, as one change."""

    signals: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[0-9]{1,18}$")], ...],
        Field(min_length=1, max_length=1000),
    ]


class ChangeAnswer(BaseModel):
    """A change on record: its revision, or the proposal that waits; and the signals' numbers."""

    revision: int | None
    proposal: str | None = None
    signals: list[str]


class ProposalAnswer(BaseModel):
    """What somebody wants to add, and how many signals it holds."""

    proposal: str
    proposed_at: datetime
    proposed_by: str
    signals: int


class ConfirmationAnswer(BaseModel):
    """As of when it holds; none where a second person must confirm it too."""

    revision: int | None


class SignalAnswer(BaseModel):
    """A signal on record; before `not_before` it is disabled."""

    signal: str
    id: str
    algorithm: str
    value: str
    quality: int | None
    source: str
    labels: list[str]
    classification: str
    confidence: float | None
    expires: datetime | None
    enabled_share: float
    note: str
    not_before: datetime | None = None


class SignalsPage(BaseModel):
    """Signals by number; `next` asks for those behind, None at the end."""

    signals: list[SignalAnswer]
    next: str | None


class FeedAnswer(BaseModel):
    """What happened to a list; `next` asks for what came later, also where nothing did yet."""

    added: list[SignalAnswer]
    withdrawn: list[str]
    revision: int
    next: str
    more: bool
