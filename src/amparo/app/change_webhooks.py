"""Webhooks are made, changed and removed: on record, in the audit trail."""

from collections.abc import Iterable

from amparo.access.audit import record
from amparo.access.installation import require_no_drill
from amparo.access.model import Actor
from amparo.access.people.secrets import AccessKey
from amparo.core.clock import Clock
from amparo.db import Database, Work
from amparo.net.post import Poster
from amparo.respond.webhooks.model import DeliveryId, Event, Webhook, WebhookId
from amparo.respond.webhooks.store import Webhooks


def add_webhook(
    database: Database,
    url: str,
    events: Iterable[Event],
    poster: Poster,
    key: AccessKey,
    actor: Actor,
    clock: Clock,
) -> tuple[Webhook, str]:
    """Have a platform told at `url`; with the secret, which is shown this once.

    Raises Invalid, Denied where nothing will ever be sent there, Conflict.
    """
    poster.check(url)
    now = clock.now()
    with database.work() as work:
        webhook, secret = Webhooks(work, actor.organisation_id).add(url, events, key, now)
        detail = {"url": url, "events": sorted(webhook.events)}
        _record(work, "webhooks.add", actor, webhook.id, clock, **detail)
    return webhook, secret


def remove_webhook(database: Database, webhook: WebhookId, actor: Actor, clock: Clock) -> None:
    """Tell nothing there any more. Raises NotFound."""
    with database.work() as work:
        Webhooks(work, actor.organisation_id).remove(webhook, clock.now())
        _record(work, "webhooks.remove", actor, webhook, clock)


def rotate_secret(
    database: Database, webhook: WebhookId, key: AccessKey, actor: Actor, clock: Clock
) -> str:
    """A new secret, shown this once; the earlier one signs too for a day. Raises NotFound."""
    with database.work() as work:
        secret = Webhooks(work, actor.organisation_id).rotate(webhook, key, clock.now())
        _record(work, "webhooks.rotate", actor, webhook, clock)
    return secret


def resume_webhook(database: Database, webhook: WebhookId, actor: Actor, clock: Clock) -> None:
    """Try a suspended one again, with all that waits. Raises NotFound, Conflict in a drill."""
    with database.work() as work:
        require_no_drill(work)
        Webhooks(work, actor.organisation_id).resume(webhook, clock.now())
        _record(work, "webhooks.resume", actor, webhook, clock)


def send_test(database: Database, webhook: WebhookId, actor: Actor, clock: Clock) -> DeliveryId:
    """Have a message sent that tells of nothing. Raises NotFound, Conflict."""
    with database.work() as work:
        require_no_drill(work)
        delivery = Webhooks(work, actor.organisation_id).test(webhook, clock.now())
        _record(work, "webhooks.test", actor, webhook, clock, delivery=str(delivery))
    return delivery


def replay(
    database: Database,
    webhook: WebhookId,
    delivery: DeliveryId | None,
    actor: Actor,
    clock: Clock,
) -> int:
    """Send what was given up again, one or all; how many. Raises NotFound, Conflict in a drill."""
    with database.work() as work:
        require_no_drill(work)
        again = Webhooks(work, actor.organisation_id).replay(webhook, delivery, clock.now())
        _record(work, "webhooks.replay", actor, webhook, clock, count=again)
    return again


def _record(
    work: Work, action: str, actor: Actor, webhook: WebhookId, clock: Clock, **detail: object
) -> None:
    record(
        work, actor.organisation_id, actor=actor.name, action=action,
        subject=f"webhook:{webhook}", now=clock.now(), detail=detail,
    )  # fmt: skip
