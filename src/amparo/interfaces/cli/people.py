"""`amparo people`: who may sign in, and what they may do."""

from typing import TYPE_CHECKING

import click

from amparo.core.settings import settings
from amparo.interfaces.cli.database import opened, operator, organisation_option
from amparo.interfaces.cli.keys import ROLES
from amparo.interfaces.cli.options import FORMAT, announce, leave
from amparo.interfaces.cli.output import Format, printer

if TYPE_CHECKING:
    from amparo.app.change_people import Invited

_COLUMNS = {"email": 30, "name": 24, "roles": 30, "state": 8, "since": 20, "person": 36}
_ROLE = click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(ROLES),
    help="What the person is for you; may be given again.",
)  # fmt: skip


@click.group("people", short_help="Invite, show and remove people.")
def command() -> None:
    """Invite, show and remove the people who sign in, and say what they may do.

    \b
    Example:
      amparo people add ana@example.org --name Ana --role owner
      amparo people list --format table
      amparo people remove ana@example.org
    """


@command.command("add")
@click.argument("email")
@click.option("--name", required=True, help="What colleagues call the person.")
@_ROLE
@click.option(
    "--language", type=click.Choice(["en", "es"]), default="en", show_default=True,
    help="What the person reads.",
)  # fmt: skip
@organisation_option
def add(
    email: str, name: str, roles: tuple[str, ...], language: str, organisation: str | None
) -> None:
    """Invite whoever has the address EMAIL; print the link by which they accept.

    Give them the link in a way that nobody else reads. It is good once, for 72 hours.

    \b
    Example:
      amparo people add ana@example.org --name Ana --role owner --language es
    """
    from amparo.access.people.model import Language, NewPerson
    from amparo.access.roles import Role
    from amparo.app.change_people import invite_person
    from amparo.core.clock import SystemClock

    new = NewPerson(email, name, frozenset(Role(each) for each in roles), Language(language))
    with opened() as database:
        invited = invite_person(database, new, operator(database, organisation), SystemClock())
    _print_link(invited)


@command.command("invite-again")
@click.argument("email")
@organisation_option
def invite_again(email: str, organisation: str | None) -> None:
    """Let somebody choose a new password and telephone; the old are good no more, at once.

    \b
    Example:
      amparo people invite-again ana@example.org
    """
    from amparo.app.change_people import invite_again as again
    from amparo.core.clock import SystemClock

    with opened() as database:
        invited = again(database, email, operator(database, organisation), SystemClock())
    _print_link(invited)


@command.command("roles")
@click.argument("email")
@_ROLE
@organisation_option
def roles(email: str, roles: tuple[str, ...], organisation: str | None) -> None:
    """Let somebody be these and nothing else, from now on.

    \b
    Example:
      amparo people roles ana@example.org --role policy --role lead-reviewer
    """
    from amparo.access.roles import Role
    from amparo.app.change_people import give_roles
    from amparo.core.clock import SystemClock

    wanted = frozenset(Role(each) for each in roles)
    with opened() as database:
        give_roles(database, email, wanted, operator(database, organisation), SystemClock())
    announce("Done.")
    leave(0)


@command.command("remove")
@click.argument("email")
@organisation_option
def remove(email: str, organisation: str | None) -> None:
    """Let somebody in no more, from this moment on. The record keeps the name.

    \b
    Example:
      amparo people remove ana@example.org
    """
    from amparo.app.change_people import remove_person
    from amparo.core.clock import SystemClock

    with opened() as database:
        remove_person(database, email, operator(database, organisation), SystemClock())
    announce("Removed.")
    leave(0)


@command.command("solo")
@click.option("--second-address", metavar="EMAIL", help="Who is told; no address of a sign-in.")
@click.option("--hours", type=click.IntRange(min=12), default=24, show_default=True,
              help="How long one person waits after that.")  # fmt: skip
@click.option("--end", is_flag=True, help="Two people decide again.")
@organisation_option
def solo(second_address: str | None, hours: int, end: bool, organisation: str | None) -> None:
    """Let one person decide where two are asked for: after a delay, and on record.

    For a platform that one person runs. Whatever they begin, the second address is told of; only
    then the delay begins.

    \b
    Example:
      amparo people solo --second-address ana.private@example.net --hours 24
      amparo people solo --end
    """
    from amparo.access.solo import Solo
    from amparo.app.solo import switch_off, switch_on
    from amparo.core.clock import SystemClock

    if end == (second_address is not None):
        raise click.UsageError("Say --second-address or --end.")
    with opened() as database:
        actor = operator(database, organisation)
        if second_address is None:
            switch_off(database, actor, SystemClock())
        else:
            switch_on(database, Solo(hours, second_address), settings(), actor, SystemClock())
    announce("Two people decide again." if end else f"{second_address} was told.")
    leave(0)


@command.command("list")
@FORMAT
@organisation_option
def show(form: str, organisation: str | None) -> None:
    """Show everybody, also who was removed.

    \b
    Example:
      amparo people list --format table
    """
    from amparo.access.people.store import People

    with opened() as database:
        actor = operator(database, organisation)
        with database.reading() as work:
            everybody = People(work, actor.organisation_id).all()
    show_row = printer(Format(form), _COLUMNS, lambda record: [record])
    for each in everybody:
        state, since = "invited", each.created_at
        if each.active_since is not None:
            state, since = "active", each.active_since
        if each.removed_at is not None:
            state, since = "removed", each.removed_at
        show_row(
            {
                "email": each.email,
                "name": each.name,
                "roles": " ".join(sorted(each.roles)),
                "state": state,
                "since": since.isoformat(timespec="seconds"),
                "person": str(each.id),
            }
        )
    leave(0)


def _print_link(invited: "Invited") -> None:
    announce(f"Give this to {invited.person.name}: good once, for 72 hours, shown only now.")
    click.echo(f"{_where()}/console/invitation/{invited.token}")
    leave(0)


def _where() -> str:
    """Where browsers find this: as the operator has it, or on this machine, where it listens."""
    from amparo.app.listening import listens_at

    chosen = settings()
    if "public_url" in chosen.model_fields_set:
        return chosen.public_url
    announce("It works on this machine alone, since AMPARO_PUBLIC_URL is not set.")
    here = listens_at(chosen.home)
    return chosen.public_url if here is None else f"http://127.0.0.1:{here[1]}"
