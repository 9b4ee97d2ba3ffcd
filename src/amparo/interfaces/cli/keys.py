"""`amparo keys`: service keys for those who call the API."""

from datetime import timedelta
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
)
_COLUMNS = {"key": 36, "name": 20, "scopes": 40, "expires": 20, "revoked": 20}


@click.group("keys", short_help="Make, show and take back service keys.")
def command() -> None:
    """Make, show and take back the keys with which programs call the API.

    \b
    Example:
      amparo keys create "upload servers" --scope media:submit
      amparo keys list --format table
      amparo keys revoke 01a2087b-bc22-75e8-9fce-f06ea33f978b
    """


@command.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(_SCOPES),
    help="What the key may be used for; may be given again.",
)  # fmt: skip
@click.option("--days", type=click.IntRange(min=1), help="For how many days; without end if left.")
@organisation_option
def create(name: str, scopes: tuple[str, ...], days: int | None, organisation: str | None) -> None:
    """Make a key called NAME and print it. It is not kept: this is the only time.

    \b
    Example:
      amparo keys create "upload servers" --scope media:submit --scope matches:read --days 90
    """
    from amparo.access.audit import record
    from amparo.access.keys import create_key
    from amparo.access.model import Scope
    from amparo.core.clock import SystemClock

    now = SystemClock().now()
    expires_at = None if days is None else now + timedelta(days=days)
    with opened() as database:
        actor = operator(database, organisation)
        with database.work() as work:
            key = create_key(
                work, actor.organisation_id, name, map(Scope, scopes),
                now=now, expires_at=expires_at,
            )  # fmt: skip
            record(
                work, actor.organisation_id, actor=actor.name, action="keys.create",
                subject=f"key:{name}", now=now, detail={"scopes": list(scopes)},
            )  # fmt: skip
    announce("Keep it now: it is shown this once.")
    click.echo(key)
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
    from amparo.access.audit import record
    from amparo.access.keys import revoke_key
    from amparo.core.clock import SystemClock
    from amparo.core.ids import KeyId

    now = SystemClock().now()
    with opened() as database:
        actor = operator(database, organisation)
        with database.work() as work:
            revoke_key(work, KeyId(key), actor.organisation_id, now)
            record(
                work, actor.organisation_id, actor=actor.name, action="keys.revoke",
                subject=f"key:{key}", now=now,
            )  # fmt: skip
    announce("Taken back.")
    leave(0)
