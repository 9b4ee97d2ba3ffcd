"""`amparo jurisdiction`: what counsel says may be scanned where, and on what basis."""

from pathlib import Path

import click

from amparo.core.errors import Conflict
from amparo.interfaces.cli.database import opened, operator, organisation_option
from amparo.interfaces.cli.options import announce, leave, text_of


@click.group("jurisdiction", short_help="Record what counsel has signed off.")
def command() -> None:
    """Record on which surfaces uploads may be scanned, and on what basis.

    Until a profile is on record, private messages are refused and all else is scanned.

    \b
    Example:
      amparo jurisdiction example mx > profile.yaml
      amparo jurisdiction check profile.yaml
      amparo jurisdiction record profile.yaml
    """


@command.command("example")
@click.argument("name", type=click.Choice(["mx", "us"]))
def example(name: str) -> None:
    """Print an example, which counsel must read, change and sign off.

    \b
    Example:
      amparo jurisdiction example us > profile.yaml
    """
    from amparo.access.jurisdiction import example as text_of_example

    click.echo(text_of_example(name), nl=False)
    leave(0)


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Say what is wrong with the profile in FILE. Nothing is changed.

    \b
    Example:
      amparo jurisdiction check profile.yaml
    """
    from amparo.access.jurisdiction import read_profile
    from amparo.access.jurisdiction.profile import require_signed
    from amparo.core.clock import SystemClock

    profile = read_profile(text_of(file), str(file))
    require_signed(profile, SystemClock().now().date())
    announce(f"{file}: {profile.name!r} may be recorded; it allows {', '.join(profile.surfaces)}.")
    leave(0)


@command.command("record")
@click.argument("file", type=click.Path(path_type=Path))
@organisation_option
def record(file: Path, organisation: str | None) -> None:
    """Have the profile in FILE hold from the next upload on.

    \b
    Example:
      amparo jurisdiction record profile.yaml
    """
    from amparo.app.change_jurisdiction import record_profile
    from amparo.core.clock import SystemClock

    with opened() as database:
        actor = operator(database, organisation)
        version = record_profile(database, text_of(file), str(file), actor, SystemClock())
    announce(f"Version {version} holds from now on.")
    leave(0)


@command.command("show")
@organisation_option
def show(organisation: str | None) -> None:
    """Print the profile that holds.

    \b
    Example:
      amparo jurisdiction show
    """
    from amparo.access.jurisdiction import Profiles

    with opened() as database:
        actor = operator(database, organisation)
        with database.reading() as work:
            text = Profiles(work).text(actor.organisation_id)
    if text is None:
        raise Conflict("No profile is on record; `amparo jurisdiction record` puts one there.")
    click.echo(text, nl=False)
    leave(0)
