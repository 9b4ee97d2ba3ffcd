"""`amparo webhooks`: where a platform is told what happens, and what became of it."""

import time
from uuid import UUID

import click

from amparo.core.settings import settings
from amparo.interfaces.cli.database import opened, operator, organisation_option
from amparo.interfaces.cli.options import FORMAT, announce, leave
from amparo.interfaces.cli.output import Format, printer

EVENTS = (
    "media.decided",
    "signal.flooded",
    "caller.unusual",
    "notice.received",
    "notice.answered",
    "notice.overdue",
)
_COLUMNS = {
    "webhook": 36, "url": 40, "events": 30, "waiting": 8, "dead": 6,
    "failing_since": 20, "suspended": 30,
}  # fmt: skip
_DELIVERIES = {
    "delivery": 36, "events": 6, "state": 9, "attempts": 8, "written_at": 20, "next_at": 20,
    "last_status": 6, "last_error": 40,
}  # fmt: skip
_TAKEN_S = 5.0
_LOOK_S = 0.2
_WEBHOOK = click.argument("webhook", type=click.UUID)


@click.group("webhooks", short_help="Have a platform told what happens.")
def command() -> None:
    """Have a platform told, by signed messages, what was decided and what is unusual.

    \b
    Example:
      amparo webhooks add https://platform.example.org/amparo --event media.decided
      amparo webhooks test 01a2087b-bc22-75e8-9fce-f06ea33f978b
      amparo webhooks list --format table
      amparo webhooks deliveries 01a2087b-bc22-75e8-9fce-f06ea33f978b --state dead
      amparo webhooks replay 01a2087b-bc22-75e8-9fce-f06ea33f978b
    """


@command.command("add")
@click.argument("url")
@click.option(
    "--event", "events", multiple=True, type=click.Choice(EVENTS),
    help="What to tell; may be given again. Everything, if left.",
)  # fmt: skip
@organisation_option
def add(url: str, events: tuple[str, ...], organisation: str | None) -> None:
    """Have messages sent to URL; print the secret that they are signed with, once.

    \b
    Example:
      amparo webhooks add https://platform.example.org/amparo
    """
    from amparo.access.people.secrets import access_key
    from amparo.app.change_webhooks import add_webhook
    from amparo.core.clock import SystemClock
    from amparo.net.post import Poster
    from amparo.respond.webhooks.model import Event

    chosen = settings()
    poster = Poster(chosen.webhook_hosts, chosen.webhook_seconds)
    with opened() as database:
        webhook, secret = add_webhook(
            database, url, [Event(each) for each in events], poster,
            access_key(chosen.access_key), operator(database, organisation), SystemClock(),
        )  # fmt: skip
    announce(f"Webhook {webhook.id}. Keep its secret now: it is shown this once.")
    click.echo(secret)
    leave(0)


@command.command("list")
@FORMAT
@organisation_option
def show(form: str, organisation: str | None) -> None:
    """Show the webhooks, and how many messages wait or were given up.

    \b
    Example:
      amparo webhooks list --format table
    """
    from amparo.respond.webhooks.model import State
    from amparo.respond.webhooks.store import Webhooks

    show_row = printer(Format(form), _COLUMNS, lambda record: [record])
    with opened() as database:
        actor = operator(database, organisation)
        with database.reading() as work:
            store = Webhooks(work, actor.organisation_id)
            for each in store.all():
                counts = store.counts(each.id)
                failing = each.failing_since
                show_row(
                    {
                        "webhook": str(each.id),
                        "url": each.url,
                        "events": " ".join(sorted(each.events)),
                        "waiting": counts[State.WAITING],
                        "dead": counts[State.DEAD],
                        "failing_since": failing and failing.isoformat(timespec="seconds"),
                        "suspended": each.suspended,
                    }
                )
    leave(0)


@command.command("deliveries")
@_WEBHOOK
@click.option(
    "--state", type=click.Choice(["waiting", "delivered", "dead"]), default="dead",
    show_default=True, help="Which messages.",
)  # fmt: skip
@FORMAT
@organisation_option
def show_deliveries(webhook: UUID, state: str, form: str, organisation: str | None) -> None:
    """Show the first thousand messages to WEBHOOK in a state, by age.

    \b
    Example:
      amparo webhooks deliveries 01a2087b-bc22-75e8-9fce-f06ea33f978b --state waiting
    """
    from amparo.respond.webhooks.model import State, WebhookId
    from amparo.respond.webhooks.store import Webhooks

    show_row = printer(Format(form), _DELIVERIES, lambda record: [record])
    with opened() as database:
        actor = operator(database, organisation)
        with database.reading() as work:
            found = Webhooks(work, actor.organisation_id).deliveries(
                WebhookId(webhook), State(state), after=None, limit=1000
            )
    for each in found:
        show_row(
            {
                "delivery": str(each.id),
                "events": each.events,
                "state": each.state.value,
                "attempts": each.attempts,
                "written_at": each.written_at.isoformat(timespec="seconds"),
                "next_at": each.next_at.isoformat(timespec="seconds"),
                "last_status": each.last_status,
                "last_error": each.last_error,
            }
        )
    leave(0)


@command.command("test")
@_WEBHOOK
@organisation_option
def test(webhook: UUID, organisation: str | None) -> None:
    """Send WEBHOOK an event `webhook.test`, and wait until it was answered.

    \b
    Exit status: 0, or 1 where it was not taken.

    \b
    Example:
      amparo webhooks test 01a2087b-bc22-75e8-9fce-f06ea33f978b
    """
    from amparo.app.change_webhooks import send_test
    from amparo.core.clock import SystemClock
    from amparo.respond.webhooks.model import State, WebhookId
    from amparo.respond.webhooks.store import Webhooks
    from amparo.respond.webhooks.take import anybody_at_work

    tried, until = WebhookId(webhook), time.monotonic() + settings().webhook_seconds + _TAKEN_S
    with opened() as database:
        actor = operator(database, organisation)
        delivery = send_test(database, tried, actor, SystemClock())
        while True:
            with database.reading() as work:
                store = Webhooks(work, actor.organisation_id)
                now = store.delivery(tried, delivery)
                is_sent = anybody_at_work(work, SystemClock().now())
                ahead = store.ahead_of(tried, delivery) if is_sent else 0
            if now.attempts or time.monotonic() > until:
                break
            time.sleep(_LOOK_S)
    click.echo(delivery)
    if now.state == State.DELIVERED:
        announce(f"It was taken: {now.last_status}.")
        leave(0)
    if not now.attempts and ahead:
        announce(
            f"It was not sent yet: {ahead} to this webhook are sent before it, and the receiver is "
            f"slow or fails. `amparo webhooks deliveries {webhook} --state waiting` shows them."
        )
    elif not now.attempts:
        announce("Nothing has sent it yet: is `amparo serve` or `amparo worker` at work?")
    else:
        announce(
            f"It was not taken: {str(now.last_error or now.last_status).rstrip('.')}. It is sent "
            f"again at {now.next_at:%H:%M:%S} UTC."
        )
    leave(1)


@command.command("replay")
@_WEBHOOK
@click.option("--delivery", type=click.UUID, help="Only this one.")
@organisation_option
def replay(webhook: UUID, delivery: UUID | None, organisation: str | None) -> None:
    """Send again what was given up, all of it unless told otherwise.

    \b
    Example:
      amparo webhooks replay 01a2087b-bc22-75e8-9fce-f06ea33f978b
    """
    from amparo.app.change_webhooks import replay as send_again
    from amparo.core.clock import SystemClock
    from amparo.respond.webhooks.model import DeliveryId, State, WebhookId
    from amparo.respond.webhooks.store import Webhooks

    one = DeliveryId(delivery) if delivery else None
    with opened() as database:
        actor = operator(database, organisation)
        count = send_again(database, WebhookId(webhook), one, actor, SystemClock())
        with database.reading() as work:
            store = Webhooks(work, actor.organisation_id)
            suspended = store.get(WebhookId(webhook)).suspended
            waiting = store.counts(WebhookId(webhook))[State.WAITING]
    announce(f"{count} are sent again.")
    if suspended and waiting:
        announce(
            f"{waiting} wait, and nothing is sent there, since it is suspended: `amparo webhooks "
            f"resume {webhook}` sends them."
        )
    leave(0)


@command.command("resume")
@_WEBHOOK
@organisation_option
def resume(webhook: UUID, organisation: str | None) -> None:
    """Send now what waits for a webhook, also where it was suspended.

    \b
    Example:
      amparo webhooks resume 01a2087b-bc22-75e8-9fce-f06ea33f978b
    """
    from amparo.app.change_webhooks import resume_webhook
    from amparo.core.clock import SystemClock
    from amparo.respond.webhooks.model import WebhookId

    with opened() as database:
        actor = operator(database, organisation)
        resume_webhook(database, WebhookId(webhook), actor, SystemClock())
    announce("It is tried again.")
    leave(0)


@command.command("rotate")
@_WEBHOOK
@organisation_option
def rotate(webhook: UUID, organisation: str | None) -> None:
    """Make a new secret and print it, once; for a day messages carry both signatures.

    \b
    Example:
      amparo webhooks rotate 01a2087b-bc22-75e8-9fce-f06ea33f978b
    """
    from amparo.access.people.secrets import access_key
    from amparo.app.change_webhooks import rotate_secret
    from amparo.core.clock import SystemClock
    from amparo.respond.webhooks.model import WebhookId

    with opened() as database:
        actor = operator(database, organisation)
        key = access_key(settings().access_key)
        secret = rotate_secret(database, WebhookId(webhook), key, actor, SystemClock())
    announce("Keep it now: it is shown this once.")
    click.echo(secret)
    leave(0)


@command.command("remove")
@_WEBHOOK
@organisation_option
def remove(webhook: UUID, organisation: str | None) -> None:
    """Send nothing to WEBHOOK any more; what waits is dropped.

    \b
    Example:
      amparo webhooks remove 01a2087b-bc22-75e8-9fce-f06ea33f978b
    """
    from amparo.app.change_webhooks import remove_webhook
    from amparo.core.clock import SystemClock
    from amparo.respond.webhooks.model import WebhookId

    with opened() as database:
        actor = operator(database, organisation)
        remove_webhook(database, WebhookId(webhook), actor, SystemClock())
    announce("Removed.")
    leave(0)
