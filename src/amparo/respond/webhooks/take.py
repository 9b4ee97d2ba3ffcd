"""Who sees to which delivery: due ones are taken, and those of a worker that is silent."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, func, or_, select, text, update

from amparo.db import Work
from amparo.db.tables import UtcTime
from amparo.respond.webhooks.model import DeliveryId, State
from amparo.respond.webhooks.tables import DeliveryRow, WebhookRow, WorkerRow

LEASE = timedelta(seconds=60)
"""A worker that has not been heard of for so long has died."""

AT_ONCE = 4
"""Deliveries under way to one webhook; to one that fails, a single one feels the way."""


class Take(NamedTuple):
    """A delivery that a worker has taken, for the `number`th time."""

    delivery: DeliveryId
    number: int


def heard_of(work: Work, worker: str, now: datetime) -> None:
    """The worker lives."""
    work.execute(_HEARD, {"id": worker, "now": now})


def gone(work: Work, worker: str) -> None:
    """The worker ends in peace: what it has taken is anybody's at once."""
    work.execute(update(DeliveryRow).where(_taken_by(worker)).values(taken_by=None))
    work.execute(delete(WorkerRow).where(WorkerRow.id == worker))


def take_due(work: Work, worker: str, most: int, now: datetime) -> list[Take]:
    """Take what is due, by age, as far as each webhook bears it; `most` at once."""
    taken: list[Take] = []
    webhooks = work.execute(
        select(WebhookRow.id, WebhookRow.failing_since).where(
            WebhookRow.removed_at.is_(None), WebhookRow.suspended.is_(None)
        )
    )
    for webhook, failing_since in webhooks.all():
        room = min(1 if failing_since else AT_ONCE, most - len(taken))
        taken += _take(work, webhook, worker, room, now)
    return taken


def anything_due(work: Work, now: datetime) -> bool:
    """Whether there may be something to take; asked often, and cheap."""
    due = (
        select(DeliveryRow.id)
        .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
        .where(
            DeliveryRow.state == State.WAITING.value,
            DeliveryRow.taken_by.is_(None),
            DeliveryRow.next_at <= now,
            WebhookRow.suspended.is_(None),
        )
        .limit(1)
    )
    return bool(work.execute(due).all())


def of_the_silent(work: Work, now: datetime) -> list[tuple[str, Take]]:
    """What workers that are silent had taken, and by whom."""
    rows = work.execute(
        select(DeliveryRow.taken_by, DeliveryRow.id, DeliveryRow.takes)
        .outerjoin(WorkerRow, WorkerRow.id == DeliveryRow.taken_by)
        .where(
            DeliveryRow.taken_by.is_not(None),
            DeliveryRow.state == State.WAITING.value,
            or_(WorkerRow.id.is_(None), WorkerRow.seen_at < now - LEASE),
        )
    )
    return [(str(worker), Take(DeliveryId(delivery), takes)) for worker, delivery, takes in rows]


def let_go(work: Work, take: Take, worker: str) -> None:
    """The delivery is anybody's, unless it is another's already."""
    work.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == take.delivery, DeliveryRow.takes == take.number, _taken_by(worker))
        .values(taken_by=None)
    )


def _take(work: Work, webhook: UUID, worker: str, most: int, now: datetime) -> list[Take]:
    waiting = (DeliveryRow.webhook_id == webhook) & (DeliveryRow.state == State.WAITING.value)
    under_way = work.execute(
        select(func.count()).where(waiting, DeliveryRow.taken_by.is_not(None))
    ).scalar_one()
    rows = work.execute(
        select(DeliveryRow.id)
        .where(waiting, DeliveryRow.taken_by.is_(None), DeliveryRow.next_at <= now)
        .order_by(DeliveryRow.next_at, DeliveryRow.id)
        .limit(max(0, most - under_way))
    ).scalars()
    taken = []
    for delivery in rows.all():
        done = work.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id == delivery, DeliveryRow.taken_by.is_(None))
            .values(taken_by=worker, takes=DeliveryRow.takes + 1)
            .returning(DeliveryRow.takes)
        ).scalar()
        if done is not None:  # another worker was faster
            taken.append(Take(DeliveryId(delivery), done))
    return taken


def _taken_by(worker: str) -> ColumnElement[bool]:
    return DeliveryRow.taken_by == worker


_HEARD = text(
    "INSERT INTO workers (id, seen_at) VALUES (:id, :now) "
    "ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at"
).bindparams(bindparam("now", type_=UtcTime()))
