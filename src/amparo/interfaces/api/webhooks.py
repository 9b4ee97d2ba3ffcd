"""Webhooks: where a platform is told what happens, and what became of each message."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from amparo.app.change_webhooks import (
    add_webhook,
    remove_webhook,
    replay,
    resume_webhook,
    rotate_secret,
    send_test,
)
from amparo.interfaces.calls.callers import KnownCaller, Open, WebhooksManager
from amparo.net.post import Poster
from amparo.respond.webhooks.model import Delivery, DeliveryId, Event, State, Webhook, WebhookId
from amparo.respond.webhooks.store import Webhooks
from amparo.wire.webhooks import (
    DeliveriesPage,
    DeliveryAnswer,
    NewWebhook,
    Replayed,
    StateName,
    WebhookAnswer,
    WebhookMade,
)

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=KnownCaller)


@router.get("")
def show_all(serving: Open, actor: WebhooksManager) -> list[WebhookAnswer]:
    """The organisation's webhooks, the oldest first."""
    with serving.database.reading() as work:
        store = Webhooks(work, actor.organisation_id)
        return [_answer(each, store) for each in store.all()]


@router.post("", status_code=201)
def add(body: NewWebhook, serving: Open, actor: WebhooksManager) -> WebhookMade:
    """Have messages sent to a URL: https, on a public host, or on one that the operator names."""
    poster = Poster(serving.settings.webhook_hosts, serving.settings.webhook_seconds)
    events = [Event(each) for each in body.events]
    webhook, secret = add_webhook(
        serving.database, body.url, events, poster, serving.access_key, actor, serving.clock
    )
    return WebhookMade(webhook=webhook.id, secret=secret)


@router.get("/{webhook}")
def show(webhook: UUID, serving: Open, actor: WebhooksManager) -> WebhookAnswer:
    """One of them."""
    with serving.database.reading() as work:
        store = Webhooks(work, actor.organisation_id)
        return _answer(store.get(WebhookId(webhook)), store)


@router.delete("/{webhook}", status_code=204)
def remove(webhook: UUID, serving: Open, actor: WebhooksManager) -> None:
    """Send nothing there any more; what waits is dropped."""
    remove_webhook(serving.database, WebhookId(webhook), actor, serving.clock)


@router.post("/{webhook}/secret", status_code=201)
def rotate(webhook: UUID, serving: Open, actor: WebhooksManager) -> WebhookMade:
    """A new secret; for a day messages are signed with the earlier one too."""
    secret = rotate_secret(
        serving.database, WebhookId(webhook), serving.access_key, actor, serving.clock
    )
    return WebhookMade(webhook=webhook, secret=secret)


@router.post("/{webhook}/resumption", status_code=204)
def resume(webhook: UUID, serving: Open, actor: WebhooksManager) -> None:
    """Try a suspended one again, with all that waits."""
    resume_webhook(serving.database, WebhookId(webhook), actor, serving.clock)


@router.post("/{webhook}/tests", status_code=202)
def test(webhook: UUID, serving: Open, actor: WebhooksManager) -> DeliveryAnswer:
    """Have a message sent that tells of nothing: an event `webhook.test`."""
    delivery = send_test(serving.database, WebhookId(webhook), actor, serving.clock)
    return show_delivery(webhook, delivery, serving, actor)


@router.get("/{webhook}/deliveries/{delivery}")
def show_delivery(
    webhook: UUID, delivery: UUID, serving: Open, actor: WebhooksManager
) -> DeliveryAnswer:
    """One message, and what became of it."""
    with serving.database.reading() as work:
        store = Webhooks(work, actor.organisation_id)
        return _delivery(store.delivery(WebhookId(webhook), DeliveryId(delivery)))


@router.get("/{webhook}/deliveries")
def deliveries(
    webhook: UUID,
    serving: Open,
    actor: WebhooksManager,
    state: StateName = "dead",
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> DeliveriesPage:
    """Messages in a state, by age."""
    with serving.database.reading() as work:
        found = Webhooks(work, actor.organisation_id).deliveries(
            WebhookId(webhook),
            State(state),
            after=DeliveryId(after) if after else None,
            limit=limit + 1,
        )
    shown = found[:limit]
    more = len(found) > limit
    return DeliveriesPage(
        deliveries=[_delivery(each) for each in shown], next=shown[-1].id if more else None
    )


@router.post("/{webhook}/replays")
def replay_all(webhook: UUID, serving: Open, actor: WebhooksManager) -> Replayed:
    """Send everything again that was given up."""
    count = replay(serving.database, WebhookId(webhook), None, actor, serving.clock)
    return Replayed(replayed=count)


@router.post("/{webhook}/deliveries/{delivery}/replay")
def replay_one(webhook: UUID, delivery: UUID, serving: Open, actor: WebhooksManager) -> Replayed:
    """Send one message again that was given up."""
    count = replay(serving.database, WebhookId(webhook), DeliveryId(delivery), actor, serving.clock)
    return Replayed(replayed=count)


def _answer(webhook: Webhook, store: Webhooks) -> WebhookAnswer:
    return WebhookAnswer(
        webhook=webhook.id,
        url=webhook.url,
        events=sorted(webhook.events),
        created_at=webhook.created_at,
        failing_since=webhook.failing_since,
        suspended=webhook.suspended,
        deliveries={state.value: count for state, count in store.counts(webhook.id).items()},
    )


def _delivery(each: Delivery) -> DeliveryAnswer:
    return DeliveryAnswer(
        delivery=each.id,
        events=each.events,
        state=each.state.value,
        attempts=each.attempts,
        written_at=each.written_at,
        next_at=each.next_at,
        last_status=each.last_status,
        last_error=each.last_error,
        ended_at=each.ended_at,
    )
