"""Who sees to which delivery: due ones are taken, and those of a worker that is silent."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, delete, func, or_, select, text, update

from amparo.core.ids import OrganisationId
from amparo.db import Work
from amparo.db.tables import UtcTime
from amparo.respond.webhooks.model import DeliveryId, State, WebhookId
from amparo.respond.webhooks.tables import DeliveryRow, WebhookRow, WorkerRow
from amparo.respond.webhooks.turns import Queue, Turns

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


def anybody_at_work(work: Work, now: datetime) -> bool:
    """Whether a worker was heard of lately."""
    lately = select(WorkerRow.id).where(WorkerRow.seen_at >= now - LEASE).limit(1)
    return bool(work.execute(lately).all())


def gone(work: Work, worker: str) -> None:
    """The worker ends in peace: what it has taken is anybody's at once."""
    work.execute(update(DeliveryRow).where(_taken_by(worker)).values(taken_by=None))
    work.execute(delete(WorkerRow).where(WorkerRow.id == worker))


def take_due(
    work: Work, worker: str, most: int, now: datetime, turns: Turns | None = None
) -> list[Take]:
    """Take what is due, `most` at once: shared among organisations, as each webhook bears it.

    `turns` remembers, from one call to the next, who had a place last.
    """
    under_way = _under_way(work)
    places: Counter[OrganisationId] = Counter()
    for (_, organisation), number in under_way.items():
        places[organisation] += number
    turns = Turns() if turns is None else turns
    chosen = turns.share(_queues(work, under_way, now), places, most)
    # In one order for all workers: on PostgreSQL two might wait for each other otherwise.
    taken = (_take(work, delivery, worker) for delivery in sorted(chosen))
    return [take for take in taken if take is not None]


def anything_due(work: Work, now: datetime) -> bool:
    """Whether there may be something to take; asked often, and cheap."""
    due = (
        select(DeliveryRow.id)
        .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
        .where(*_due(now), *_ACTIVE)
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


def _under_way(work: Work) -> Counter[tuple[WebhookId, OrganisationId]]:
    rows = work.execute(
        select(WebhookRow.id, WebhookRow.organisation_id, func.count())
        .join(DeliveryRow, DeliveryRow.webhook_id == WebhookRow.id)
        .where(*_ACTIVE, _WAITING, DeliveryRow.taken_by.is_not(None))
        .group_by(WebhookRow.id, WebhookRow.organisation_id)
    )
    return Counter(
        {(WebhookId(webhook), OrganisationId(owner)): number for webhook, owner, number in rows}
    )


def _queues(
    work: Work, under_way: Counter[tuple[WebhookId, OrganisationId]], now: datetime
) -> Iterator[Queue]:
    oldest = (
        select(DeliveryRow.next_at)
        .where(DeliveryRow.webhook_id == WebhookRow.id, *_due(now))
        .order_by(DeliveryRow.next_at)
        .limit(1)
        .scalar_subquery()
    )
    rows = work.execute(
        select(WebhookRow.id, WebhookRow.organisation_id, WebhookRow.failing_since, oldest).where(
            *_ACTIVE
        )
    )
    for row, organisation, failing_since, since in rows.all():
        if since is None:
            continue
        webhook, owner = WebhookId(row), OrganisationId(organisation)
        number = under_way[webhook, owner]
        room = (1 if failing_since else AT_ONCE) - number
        yield Queue(webhook, owner, since, number, room, _oldest_due(work, webhook, room, now))


def _oldest_due(work: Work, webhook: WebhookId, most: int, now: datetime) -> Iterator[DeliveryId]:
    """Asked for only once it is the webhook's turn."""
    rows = work.execute(
        select(DeliveryRow.id)
        .where(DeliveryRow.webhook_id == webhook, *_due(now))
        .order_by(DeliveryRow.next_at, DeliveryRow.id)
        .limit(most)
    )
    yield from map(DeliveryId, rows.scalars().all())


def _take(work: Work, delivery: DeliveryId, worker: str) -> Take | None:
    """None where another worker was faster."""
    number = work.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == delivery, DeliveryRow.taken_by.is_(None), _WAITING)
        .values(taken_by=worker, takes=DeliveryRow.takes + 1)
        .returning(DeliveryRow.takes)
    ).scalar()
    return None if number is None else Take(delivery, number)


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return _WAITING, DeliveryRow.taken_by.is_(None), DeliveryRow.next_at <= now


def _taken_by(worker: str) -> ColumnElement[bool]:
    return DeliveryRow.taken_by == worker


_ACTIVE = (WebhookRow.removed_at.is_(None), WebhookRow.suspended.is_(None))
_WAITING = DeliveryRow.state == State.WAITING.value

_HEARD = text(
    "INSERT INTO workers (id, seen_at) VALUES (:id, :now) "
    "ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at"
).bindparams(bindparam("now", type_=UtcTime()))
