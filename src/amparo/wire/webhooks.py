"""Webhooks over HTTP: where a platform is told, and what was sent there."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

EventName = Literal[
    "media.decided",
    "signal.flooded",
    "caller.unusual",
    "notice.received",
    "notice.answered",
    "notice.overdue",
]
StateName = Literal["waiting", "delivered", "dead"]


class NewWebhook(BaseModel):
    """Where to tell, and what: everything, where nothing is said."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    events: Annotated[list[EventName], Field(max_length=20)] = []


class WebhookAnswer(BaseModel):
    """A webhook; `suspended` says why nothing is sent, `deliveries` how many are in which state."""

    webhook: UUID
    url: str
    events: list[str]
    created_at: datetime
    failing_since: datetime | None
    suspended: str | None
    deliveries: dict[StateName, int]


class WebhookMade(BaseModel):
    """A new webhook, and the secret that its messages are signed with: shown this once."""

    webhook: UUID
    secret: str


class DeliveryAnswer(BaseModel):
    """One message; its id is the header `webhook-id`."""

    delivery: UUID
    events: int
    state: StateName
    attempts: int
    written_at: datetime
    next_at: datetime
    last_status: int | None
    last_error: str | None
    ended_at: datetime | None


class DeliveriesPage(BaseModel):
    """Deliveries by age; `next` is what to ask `after` for more, None where that is all."""

    deliveries: list[DeliveryAnswer]
    next: UUID | None


class Replayed(BaseModel):
    """How many deliveries are sent again."""

    replayed: int
