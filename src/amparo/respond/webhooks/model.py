"""The words of this feature: webhooks, the events that they are told, and deliveries."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from amparo.core.ids import OrganisationId

WebhookId = NewType("WebhookId", UUID)
DeliveryId = NewType("DeliveryId", UUID)

EVENTS_AT_MOST = 100
"""In one message."""

BACK_OFF = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=8),
)
"""How long after each failed attempt the next one is; after the last there is none."""


class Event(StrEnum):
    """What a webhook can be told."""

    MEDIA_DECIDED = "media.decided"
    SIGNAL_FLOODED = "signal.flooded"
    CALLER_UNUSUAL = "caller.unusual"
    NOTICE_RECEIVED = "notice.received"
    NOTICE_ANSWERED = "notice.answered"
    NOTICE_OVERDUE = "notice.overdue"


TEST = "webhook.test"
"""The type of an event that nobody asks for by name: it shows that messages arrive."""


class State(StrEnum):
    """Where a delivery is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a platform wants to be told; `suspended` says why it is not, for now."""

    id: WebhookId
    organisation_id: OrganisationId
    url: str
    events: frozenset[Event]
    created_at: datetime
    failing_since: datetime | None
    suspended: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message, with `events` in it: waiting, delivered, or given up."""

    id: DeliveryId
    webhook_id: WebhookId
    events: int
    state: State
    attempts: int
    written_at: datetime
    next_at: datetime
    last_status: int | None
    last_error: str | None
    ended_at: datetime | None
