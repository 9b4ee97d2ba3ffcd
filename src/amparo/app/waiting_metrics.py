"""What waits in the database to be done, for Prometheus: told alike by every host."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, func, select

from amparo.access.audit.tables import EntryRow
from amparo.access.installation import without_backup_since
from amparo.core.clock import Clock
from amparo.core.errors import Unavailable
from amparo.db import Database, Work
from amparo.db.outbox import OutboxRow
from amparo.respond.review.notices.tables import NoticeRow
from amparo.respond.webhooks.model import Event, State
from amparo.respond.webhooks.tables import DeliveryRow, WebhookRow

_A_DAY = timedelta(days=1)

_WAITING: dict[str, tuple[Any, ColumnElement[bool]]] = {
    "events": (
        OutboxRow.written_at,
        OutboxRow.done_at.is_(None) & OutboxRow.kind.in_([each.value for each in Event]),
    ),
    "deliveries": (DeliveryRow.written_at, DeliveryRow.state == State.WAITING.value),
    "notices": (NoticeRow.received_at, NoticeRow.answered_at.is_(None)),
    "audit-entries": (EntryRow.at, EntryRow.position.is_(None)),
}
"""By name: when each began to wait, and which do."""


class WaitingMetrics(Collector):
    """Asked anew each time; while the database is away, it says that and no more."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        """How much waits, since when, and what is past mending by itself."""
        try:
            with self._database.reading() as work:
                found = list(_found(work, self._clock.now()))
        except Unavailable:
            found = []
        up = "Whether the database answers."
        yield GaugeMetricFamily("amparo_database_up", up, value=float(bool(found)))
        yield from found


def _found(work: Work, now: datetime) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("amparo_waiting", "What is still to be done.", labels=["what"])
    oldest = GaugeMetricFamily(
        "amparo_waiting_oldest_seconds", "How long the oldest of it waits.", labels=["what"]
    )
    for name, (since, which) in _WAITING.items():
        count, first = work.execute(select(func.count(), func.min(since)).where(which)).one()
        waiting.add_metric([name], count)
        oldest.add_metric([name], max(0.0, (now - first).total_seconds()) if first else 0.0)
    yield waiting
    yield oldest
    dead = (
        select(func.count())
        .select_from(DeliveryRow)
        .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
        .where(
            DeliveryRow.state == State.DEAD.value,
            DeliveryRow.ended_at > now - _A_DAY,
            WebhookRow.removed_at.is_(None),
        )
    )
    yield _gauge(
        "amparo_deliveries_dead", "Messages that were given up within a day.",
        work.execute(dead).scalar_one(),
    )  # fmt: skip
    suspended = WebhookRow.suspended.is_not(None) & WebhookRow.removed_at.is_(None)
    yield _gauge(
        "amparo_webhooks_suspended", "Webhooks to which nothing is sent.",
        work.execute(select(func.count()).where(suspended)).scalar_one(),
    )  # fmt: skip
    overdue = NoticeRow.answered_at.is_(None) & (NoticeRow.due_at < now)
    yield _gauge(
        "amparo_notices_overdue", "Notices whose time has passed without an answer.",
        work.execute(select(func.count()).where(overdue)).scalar_one(),
    )  # fmt: skip
    due = work.execute(
        select(func.min(NoticeRow.due_at)).where(NoticeRow.answered_at.is_(None))
    ).scalar_one()
    if due is not None:
        yield _gauge(
            "amparo_notices_due_seconds",
            "Time that is left to answer the notice that is due first; below zero it is overdue.",
            (due - now).total_seconds(),
        )
    since = without_backup_since(work)
    if since is not None:
        yield _gauge(
            "amparo_without_backup_seconds",
            "Time since the last backup; where none was made, since the first organisation.",
            max(0.0, (now - since).total_seconds()),
        )


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)
