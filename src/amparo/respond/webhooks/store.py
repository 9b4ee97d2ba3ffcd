"""Webhooks on record, with their secrets, and the deliveries to them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, RowMapping, and_, func, insert, or_, select, true, update

from amparo.access.people.secrets import AccessKey
from amparo.core.errors import Conflict, NotFound
from amparo.core.ids import OrganisationId, new_id
from amparo.db import Work
from amparo.respond.webhooks.body import Told, body
from amparo.respond.webhooks.model import (
    TEST,
    Delivery,
    DeliveryId,
    Event,
    State,
    Webhook,
    WebhookId,
)
from amparo.respond.webhooks.tables import DeliveryRow, WebhookRow
from amparo.wire.signature import new_secret

MOST = 20
"""Webhooks of an organisation."""

BOTH_GOOD = timedelta(hours=24)
"""So long the earlier secret signs too."""


class Webhooks:
    """An organisation's webhooks, as one unit of work sees them."""

    def __init__(self, work: Work, organisation: OrganisationId) -> None:
        self._work = work
        self._organisation = organisation

    def add(
        self, url: str, events: Iterable[Event], key: AccessKey, now: datetime
    ) -> tuple[Webhook, str]:
        """A new one, and its secret, which is shown this once. Raises Conflict.

        An event is told once at a URL: whoever types the same again does not know of the first.
        """
        present, wanted = self.all(), set(events) or set(Event)
        if len(present) >= MOST:
            raise Conflict(f"There are {MOST} webhooks already; remove one.")
        for each in present:
            if each.url == url and (twice := sorted(each.events & wanted)):
                raise Conflict(
                    f"That URL as webhook {each.id} is told of {', '.join(twice)} already; remove "
                    "it first, or ask for other events."
                )
        webhook, secret = WebhookId(new_id()), new_secret()
        self._work.execute(
            insert(WebhookRow).values(
                id=webhook,
                organisation_id=self._organisation,
                url=url,
                events=sorted(wanted),
                secret_sealed=key.seal(secret.encode()),
                created_at=now,
            )
        )
        return self.get(webhook), secret

    def get(self, webhook: WebhookId) -> Webhook:
        """Raises NotFound."""
        for each in self.all():
            if each.id == webhook:
                return each
        raise NotFound("There is no such webhook.")

    def all(self) -> tuple[Webhook, ...]:
        """The oldest first."""
        rows = self._work.execute(
            select(WebhookRow.__table__).where(self._ours()).order_by(WebhookRow.id)
        )
        return tuple(_webhook_of(row) for row in rows.mappings())

    def test(self, webhook: WebhookId, now: datetime) -> DeliveryId:
        """Have a message sent that tells of nothing. Raises NotFound, Conflict where none is."""
        suspended = self.get(webhook).suspended
        if suspended:
            raise Conflict(f"Nothing is sent there, since it is suspended. {suspended} Resume it.")
        delivery = DeliveryId(new_id())
        told = Told(delivery, TEST, now, {"webhook": str(webhook)})
        self._work.execute(
            insert(DeliveryRow).values(
                id=delivery,
                webhook_id=webhook,
                body=body([told]),
                events=1,
                state=State.WAITING.value,
                attempts=0,
                takes=0,
                written_at=now,
                next_at=now,
            )
        )
        return delivery

    def delivery(self, webhook: WebhookId, delivery: DeliveryId) -> Delivery:
        """One of its messages. Raises NotFound."""
        self.get(webhook)
        rows = self._work.execute(
            select(DeliveryRow.__table__).where(
                DeliveryRow.webhook_id == webhook, DeliveryRow.id == delivery
            )
        )
        for row in rows.mappings():
            return _delivery_of(row)
        raise NotFound("There is no such delivery.")

    def ahead_of(self, webhook: WebhookId, delivery: DeliveryId) -> int:
        """How many messages to it are under way or due before this one. Raises NotFound."""
        own = self.delivery(webhook, delivery)
        before = or_(
            DeliveryRow.taken_by.is_not(None),
            DeliveryRow.next_at < own.next_at,
            and_(DeliveryRow.next_at == own.next_at, DeliveryRow.id < delivery),
        )
        return self._work.execute(
            select(func.count()).where(
                DeliveryRow.webhook_id == webhook,
                DeliveryRow.state == State.WAITING.value,
                DeliveryRow.id != delivery,
                before,
            )
        ).scalar_one()

    def remove(self, webhook: WebhookId, now: datetime) -> None:
        """Nothing is sent there any more; what waits is dropped. Raises NotFound."""
        self.get(webhook)
        self._set(webhook, removed_at=now)
        self._work.execute(
            update(DeliveryRow)
            .where(DeliveryRow.webhook_id == webhook, DeliveryRow.state == State.WAITING.value)
            .values(state=State.DEAD.value, ended_at=now, last_error="The webhook was removed.")
        )

    def rotate(self, webhook: WebhookId, key: AccessKey, now: datetime) -> str:
        """A new secret; the earlier one signs too for a day. Raises NotFound."""
        self.get(webhook)
        secret = new_secret()
        self._set(
            webhook,
            earlier_sealed=WebhookRow.secret_sealed,
            earlier_until=now + BOTH_GOOD,
            secret_sealed=key.seal(secret.encode()),
        )
        return secret

    def resume(self, webhook: WebhookId, now: datetime) -> None:
        """Try it again, with all that waits. Raises NotFound."""
        self.get(webhook)
        self._set(webhook, suspended=None, failing_since=None)
        self._work.execute(
            update(DeliveryRow)
            .where(DeliveryRow.webhook_id == webhook, DeliveryRow.state == State.WAITING.value)
            .values(next_at=now)
        )

    def deliveries(
        self, webhook: WebhookId, state: State, *, after: DeliveryId | None, limit: int
    ) -> tuple[Delivery, ...]:
        """Those in a state, by age. Raises NotFound."""
        self.get(webhook)
        later = DeliveryRow.id > after if after is not None else true()
        rows = self._work.execute(
            select(DeliveryRow.__table__)
            .where(DeliveryRow.webhook_id == webhook, DeliveryRow.state == state.value, later)
            .order_by(DeliveryRow.id)
            .limit(limit)
        )
        return tuple(_delivery_of(row) for row in rows.mappings())

    def counts(self, webhook: WebhookId) -> dict[State, int]:
        """How many deliveries are in each state."""
        rows = self._work.execute(
            select(DeliveryRow.state, func.count())
            .where(DeliveryRow.webhook_id == webhook)
            .group_by(DeliveryRow.state)
        )
        found = {State(state): count for state, count in rows}
        return {state: found.get(state, 0) for state in State}

    def replay(self, webhook: WebhookId, delivery: DeliveryId | None, now: datetime) -> int:
        """Send a dead delivery again, or all of them; how many. Raises NotFound."""
        self.get(webhook)
        one = DeliveryRow.id == delivery if delivery is not None else true()
        done = self._work.execute(
            update(DeliveryRow)
            .where(DeliveryRow.webhook_id == webhook, DeliveryRow.state == State.DEAD.value, one)
            .values(state=State.WAITING.value, attempts=0, next_at=now, ended_at=None)
        )
        if delivery is not None and not done.rowcount:
            raise NotFound("There is no such dead delivery.")
        return done.rowcount

    def _set(self, webhook: WebhookId, **values: object) -> None:
        self._work.execute(update(WebhookRow).where(WebhookRow.id == webhook).values(**values))

    def _ours(self) -> ColumnElement[bool]:
        return and_(
            WebhookRow.organisation_id == self._organisation, WebhookRow.removed_at.is_(None)
        )


def sealed_secrets(work: Work, webhook: WebhookId, now: datetime) -> tuple[bytes, ...]:
    """The secrets that sign now, the present one first, as the access key has sealed them."""
    row = work.execute(
        select(WebhookRow.secret_sealed, WebhookRow.earlier_sealed, WebhookRow.earlier_until).where(
            WebhookRow.id == webhook
        )
    ).one()
    sealed = [row.secret_sealed]
    if row.earlier_sealed is not None and now < row.earlier_until:
        sealed.append(row.earlier_sealed)
    return tuple(sealed)


def make_due(work: Work, now: datetime) -> None:
    """Have all that waits tried now."""
    waiting = DeliveryRow.state == State.WAITING.value
    work.execute(update(DeliveryRow).where(waiting).values(next_at=now))


def forget_deliveries(work: Work, now: datetime) -> None:
    """Forget what was delivered three days ago, and what was given up a month ago.

    What has been due for a month, since its webhook is suspended, is given up.
    """
    waiting = DeliveryRow.state == State.WAITING.value
    work.execute(
        update(DeliveryRow)
        .where(waiting, DeliveryRow.taken_by.is_(None), DeliveryRow.next_at < now - _KEPT_DEAD)
        .values(state=State.DEAD.value, ended_at=now, last_error="It has waited for a month.")
    )
    old = or_(
        and_(DeliveryRow.state == State.DELIVERED.value, DeliveryRow.ended_at < now - _KEPT),
        and_(DeliveryRow.state == State.DEAD.value, DeliveryRow.ended_at < now - _KEPT_DEAD),
    )
    work.execute(DeliveryRow.__table__.delete().where(old))  # type: ignore[attr-defined]


_KEPT = timedelta(days=3)
_KEPT_DEAD = timedelta(days=30)


def _webhook_of(columns: RowMapping) -> Webhook:
    return Webhook(
        id=WebhookId(columns["id"]),
        organisation_id=OrganisationId(columns["organisation_id"]),
        url=columns["url"],
        events=frozenset(Event(each) for each in columns["events"]),
        created_at=columns["created_at"],
        failing_since=columns["failing_since"],
        suspended=columns["suspended"],
    )


def _delivery_of(columns: RowMapping) -> Delivery:
    return Delivery(
        id=DeliveryId(columns["id"]),
        webhook_id=WebhookId(columns["webhook_id"]),
        events=columns["events"],
        state=State(columns["state"]),
        attempts=columns["attempts"],
        written_at=columns["written_at"],
        next_at=columns["next_at"],
        last_status=columns["last_status"],
        last_error=columns["last_error"],
        ended_at=columns["ended_at"],
    )
