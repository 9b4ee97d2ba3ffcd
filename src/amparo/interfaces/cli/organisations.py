"""`amparo organisations`: who shares this installation, each with lists and keys of its own."""

import click

from amparo.interfaces.cli.database import login, opened
from amparo.interfaces.cli.options import FORMAT, announce, leave
from amparo.interfaces.cli.output import Format, printer

_COLUMNS = {"organisation": 36, "name": 40}


@click.group("organisations", short_help="Make and show organisations.")
def command() -> None:
    """Make and show the organisations that share this installation.

    What belongs to one, another cannot see. `amparo serve` makes the first.

    \b
    Example:
      amparo organisations create "a second platform"
      amparo keys create uploads --scope media:submit --organisation "a second platform"
    """


@command.command("create")
@click.argument("name")
def create(name: str) -> None:
    """Make an organisation called NAME, without keys.

    \b
    Example:
      amparo organisations create "a second platform"
    """
    from amparo.app.change_organisations import make_organisation
    from amparo.core.clock import SystemClock

    with opened() as database:
        made = make_organisation(database, name, f"operator:{login()}", SystemClock())
    announce(f"Made {name!r}; `amparo keys create … --organisation {name!r}` makes a key for it.")
    click.echo(made)
    leave(0)


@command.command("list")
@FORMAT
def show(form: str) -> None:
    """Show the organisations, the oldest first.

    \b
    Example:
      amparo organisations list --format table
    """
    from amparo.access.keys import organisations

    with opened() as database, database.reading() as work:
        known = organisations(work)
    show_row = printer(Format(form), _COLUMNS, lambda record: [record])
    for name, organisation in known.items():
        show_row({"organisation": str(organisation), "name": name})
    leave(0)
