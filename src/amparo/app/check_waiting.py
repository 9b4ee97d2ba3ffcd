"""What waits, and nobody sees to it: messages that no process sends, notices without an answer."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select

from amparo.core.clock import Clock
from amparo.core.ids import OrganisationId
from amparo.db import Work
from amparo.db.outbox import OutboxRow
from amparo.respond.review.notices.tables import NoticeRow
from amparo.respond.webhooks.model import Event, State
from amparo.respond.webhooks.tables import DeliveryRow, WebhookRow
from amparo.respond.webhooks.take import anybody_at_work

WAITS_FOR = timedelta(minutes=5)
"""A service that is restarted takes less."""


def message_findings(work: Work, clock: Clock) -> Iterator[str]:
    """Where nobody tells platforms what was decided."""
    now = clock.now()
    if anybody_at_work(work, now):
        return
    untold = select(func.min(OutboxRow.written_at)).where(
        OutboxRow.done_at.is_(None), OutboxRow.kind.in_([each.value for each in Event])
    )
    unsent = (
        select(func.min(DeliveryRow.next_at))
        .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
        .where(DeliveryRow.state == State.WAITING.value, WebhookRow.suspended.is_(None))
    )
    found = [work.execute(each).scalar_one() for each in (untold, unsent)]
    since = min((each for each in found if each is not None), default=now)
    if since < now - WAITS_FOR:
        yield (
            f"Messages for webhooks wait since {since:%Y-%m-%d %H:%M} UTC and no process sends "
            "them: is `amparo serve`, or `amparo worker`, at work on this database?"
        )


def notice_findings(work: Work, organisation: OrganisationId, clock: Clock) -> Iterator[str]:
    """Where a promise to whoever told is broken."""
    overdue = work.execute(
        select(func.count()).where(
            NoticeRow.organisation_id == organisation,
            NoticeRow.answered_at.is_(None),
            NoticeRow.due_at < clock.now(),
        )
    ).scalar_one()
    if overdue:
        yield f"{overdue} notices are overdue; `amparo notices list` has them first."
