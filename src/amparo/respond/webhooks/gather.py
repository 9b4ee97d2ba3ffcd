"""Take what happened from the outbox, and make messages of it: many events in each."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, select

from amparo.core.clock import Clock
from amparo.core.ids import OrganisationId, new_id
from amparo.db import Database, Work
from amparo.db.outbox import OutboxRow
from amparo.respond.webhooks.body import Told, body
from amparo.respond.webhooks.model import EVENTS_AT_MOST, Event, State, Webhook
from amparo.respond.webhooks.store import Webhooks
from amparo.respond.webhooks.tables import DeliveryRow

ROWS_AT_A_TIME = 1000
_LOCK = 0x414D5041_03  # one gatherer for a database, whatever its workers


def gather(database: Database, clock: Clock) -> int:
    """Make deliveries of what waits in the outbox; how many rows were taken. Raises Unavailable.

    A row is taken out and is in its deliveries in one transaction: none is lost, none comes twice.
    """
    with database.reading() as work:
        if not work.execute(_waiting().limit(1)).all():
            return 0
    with database.work() as work:
        if not database.alone(work, _LOCK):
            return 0
        rows = work.execute(_waiting().limit(ROWS_AT_A_TIME)).all()
        by_organisation: defaultdict[OrganisationId, list[Any]] = defaultdict(list)
        for row in rows:
            by_organisation[OrganisationId(row.organisation_id)].append(row)
        for organisation, some in by_organisation.items():
            for webhook in Webhooks(work, organisation).all():
                _tell(work, webhook, [row for row in some if row.kind in webhook.events], clock)
        work.execute(delete(OutboxRow).where(OutboxRow.id.in_([row.id for row in rows])))
    return len(rows)


def _waiting() -> Any:
    return (
        select(
            OutboxRow.id,
            OutboxRow.organisation_id,
            OutboxRow.kind,
            OutboxRow.subject_id,
            OutboxRow.payload,
            OutboxRow.written_at,
        )
        .where(OutboxRow.done_at.is_(None), OutboxRow.kind.in_([each.value for each in Event]))
        .order_by(OutboxRow.id)
    )


def _tell(work: Work, webhook: Webhook, rows: Sequence[Any], clock: Clock) -> None:
    for first in range(0, len(rows), EVENTS_AT_MOST):
        some = rows[first : first + EVENTS_AT_MOST]
        now = clock.now()
        work.execute(
            insert(DeliveryRow).values(
                id=new_id(),
                webhook_id=webhook.id,
                body=body(Told(row.id, row.kind, row.written_at, row.payload) for row in some),
                events=len(some),
                state=State.WAITING.value,
                attempts=0,
                takes=0,
                written_at=min(row.written_at for row in some),
                next_at=now,
            )
        )
