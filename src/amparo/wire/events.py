"""What a webhook's messages tell: events, each of a type of its own."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Discriminator, Tag

from amparo.wire.notices import KindName, OutcomeName, SenderName


class EventFrame(BaseModel):
    """An event. `id` is the same however often it comes; `at` is when it happened."""

    id: str
    type: str
    at: datetime


class Decision(BaseModel):
    """Which decision; `notify` is whom the policy wants told."""

    media_id: str
    decision_id: str
    action: Literal["allow", "review", "hold", "block"]
    notify: list[str]


class MediaDecided(EventFrame):
    """An upload was not allowed, or the policy wants somebody told."""

    type: Literal["media.decided"]
    data: Decision


class Flood(BaseModel):
    """Which signal, and how often it matched."""

    signal: str
    hits: int


class SignalFlooded(EventFrame):
    """A signal matches far more than ever, and its consequences are suspended."""

    type: Literal["signal.flooded"]
    data: Flood


class Unusual(BaseModel):
    """Who looks up or matches, how often now, and in the busiest hour before."""

    caller: str
    what: str
    count: int
    busiest_before: int


class CallerUnusual(EventFrame):
    """A key looks up, or matches, far more than ever."""

    type: Literal["caller.unusual"]
    data: Unusual


class Told(BaseModel):
    """Which notice, by whom, and until when it is answered."""

    number: str
    kind: KindName
    sender: SenderName
    due_at: datetime


class NoticeReceived(EventFrame):
    """Somebody has told of content."""

    type: Literal["notice.received"]
    data: Told


class Answered(BaseModel):
    """Which notice, and how."""

    number: str
    outcome: OutcomeName


class NoticeAnswered(EventFrame):
    """A notice was answered."""

    type: Literal["notice.answered"]
    data: Answered


class Late(BaseModel):
    """Which notice, and until when it was to be answered."""

    number: str
    kind: KindName
    due_at: datetime


class NoticeOverdue(EventFrame):
    """The time of a notice has passed without an answer."""

    type: Literal["notice.overdue"]
    data: Late


class Tested(BaseModel):
    """Which webhook was tried out."""

    webhook: str


class WebhookTest(EventFrame):
    """Nothing happened: somebody wants to see that messages arrive."""

    type: Literal["webhook.test"]
    data: Tested


class OtherEvent(EventFrame):
    """One of a type that this version does not know."""

    data: dict[str, Any]


_TYPES = frozenset(
    {
        "media.decided",
        "signal.flooded",
        "caller.unusual",
        "notice.received",
        "notice.answered",
        "notice.overdue",
        "webhook.test",
    }
)


def _type_of(value: Any) -> str:
    said = value.get("type") if isinstance(value, dict) else getattr(value, "type", "")
    return said if isinstance(said, str) and said in _TYPES else "other"


Event = Annotated[
    Annotated[MediaDecided, Tag("media.decided")]
    | Annotated[SignalFlooded, Tag("signal.flooded")]
    | Annotated[CallerUnusual, Tag("caller.unusual")]
    | Annotated[NoticeReceived, Tag("notice.received")]
    | Annotated[NoticeAnswered, Tag("notice.answered")]
    | Annotated[NoticeOverdue, Tag("notice.overdue")]
    | Annotated[WebhookTest, Tag("webhook.test")]
    | Annotated[OtherEvent, Tag("other")],
    Discriminator(_type_of),
]


class Message(BaseModel):
    """What one message tells."""

    events: list[Event]
