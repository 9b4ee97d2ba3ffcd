"""`amparo keys`: service keys for those who call the API."""

from uuid import UUID

import click

from amparo.interfaces.cli.database import opened, operator, organisation_option
from amparo.interfaces.cli.options import FORMAT, announce, leave
from amparo.interfaces.cli.output import Format, printer

_SCOPES = (
    "media:submit",
    "media:read",
    "matches:read",
    "decisions:read",
    "lists:read",
    "lists:write",
    "metrics:read",
    "people:manage",
    "webhooks:manage",
    "notices:submit",
    "notices:trusted",
    "notices:read",
    "notices:answer",
    "audit:witness",
    "audit:read",
)
ROLES = (
    "owner",
    "engineer",
    "policy",
    "reviewer",
    "lead-reviewer",
    "reporter",
    "investigator",
    "researcher",
    "auditor",
)
_ALARMS = {"at": 25, "caller": 40, "what": 8, "count": 10, "busiest_before": 14}
_COLUMNS = {"key": 36, "name": 20, "scopes": 40, "expires": 20, "revoked": 20}


@click.group("keys", short_help="Make, show and take back service keys.")
def command() -> None:
    """Make, show, change and take back the keys with which programs call the API.

    \b
    Example:
      amparo keys create "upload servers" --scope media:submit
      amparo keys list --format table
      amparo keys revoke 01a2087b-bc22-75e8-9fce-f06ea33f978b
    """


@command.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(_SCOPES),
    help="What the key may be used for; may be given again.",
)  # fmt: skip
@click.option(
    "--role", "roles", multiple=True, type=click.Choice(ROLES),
    help="All that this role may do; may be given again.",
)  # fmt: skip
@click.option("--days", type=click.IntRange(min=1), help="For how many days; without end if left.")
@organisation_option
def create(
    name: str,
    scopes: tuple[str, ...],
    roles: tuple[str, ...],
    days: int | None,
    organisation: str | None,
) -> None:
    """Make a key called NAME and print it. It is not kept: this is the only time.

    \b
    Example:
      amparo keys create "upload servers" --scope media:submit --scope matches:read --days 90
      amparo keys create "the auditor" --role auditor --days 30
    """
    from amparo.access.model import Scope
    from amparo.access.roles import GRANTED, Role
    from amparo.app.change_keys import make_key
    from amparo.core.clock import SystemClock

    wanted = {Scope(each) for each in scopes}.union(*(GRANTED[Role(each)] for each in roles))
    if not scopes and not roles:
        raise click.UsageError("Say what for, with --scope or --role.")
    with opened() as database:
        actor = operator(database, organisation)
        key = make_key(database, name, wanted, days, actor, SystemClock())
    announce("Keep it now: it is shown this once.")
    click.echo(key)
    leave(0)


@command.command("rotate")
@click.argument("key", type=click.UUID)
@click.option(
    "--hours", type=click.IntRange(min=0), default=24, show_default=True,
    help="So long the old key may still be used.",
)  # fmt: skip
@organisation_option
def rotate(key: UUID, hours: int, organisation: str | None) -> None:
    """Make a new key for what KEY is for, and let KEY end. The new one is printed, once.

    \b
    Example:
      amparo keys rotate 01a2087b-bc22-75e8-9fce-f06ea33f978b --hours 2
    """
    from amparo.app.change_keys import replace_key
    from amparo.core.clock import SystemClock
    from amparo.core.ids import KeyId

    with opened() as database:
        actor = operator(database, organisation)
        made = replace_key(database, KeyId(key), hours, actor, SystemClock())
    announce("Keep it now: it is shown this once.")
    click.echo(made)
    leave(0)


@command.command("alarms")
@FORMAT
@organisation_option
def show_alarms(form: str, organisation: str | None) -> None:
    """Show which keys suddenly looked up, or matched, far more than ever before.

    \b
    Example:
      amparo keys alarms --format table
    """
    from amparo.access.look_ups import alarms

    with opened() as database:
        actor = operator(database, organisation)
        with database.reading() as work:
            found = alarms(work, actor.organisation_id)
    show_row = printer(Format(form), _ALARMS, lambda record: [record])
    for each in found:
        show_row(
            {
                "at": each.at.isoformat(timespec="seconds"),
                "caller": each.caller,
                "what": each.what,
                "count": each.count,
                "busiest_before": each.busiest_before,
            }
        )
    leave(0)


@command.command("list")
@FORMAT
@organisation_option
def show(form: str, organisation: str | None) -> None:
    """Show the keys, without their secrets.

    \b
    Example:
      amparo keys list --format table
    """
    from amparo.access.keys import keys_of

    with opened() as database:
        actor = operator(database, organisation)
        with database.reading() as work:
            known = keys_of(work, actor.organisation_id)
    show_row = printer(Format(form), _COLUMNS, lambda record: [record])
    for key in known:
        show_row(
            {
                "key": str(key.id),
                "name": key.name,
                "scopes": " ".join(sorted(key.scopes)),
                "expires": key.expires_at and key.expires_at.isoformat(timespec="seconds"),
                "revoked": key.revoked_at and key.revoked_at.isoformat(timespec="seconds"),
            }
        )
    leave(0)


@command.command("revoke")
@click.argument("key", type=click.UUID)
@organisation_option
def revoke(key: UUID, organisation: str | None) -> None:
    """Take a key back; within a second nothing accepts it any more.

    \b
    Example:
      amparo keys revoke 01a2087b-bc22-75e8-9fce-f06ea33f978b
    """
    from amparo.app.change_keys import take_key_back
    from amparo.core.clock import SystemClock
    from amparo.core.ids import KeyId

    with opened() as database:
        take_key_back(database, KeyId(key), operator(database, organisation), SystemClock())
    announce("Taken back.")
    leave(0)
