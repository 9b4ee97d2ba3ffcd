"""`amparo policy`: check a policy, have it hold, show the one that holds."""

from pathlib import Path

import click

from amparo.core.errors import Invalid, NotFound
from amparo.interfaces.cli.database import opened, operator, organisation_option
from amparo.interfaces.cli.options import announce, leave


@click.group("policy", short_help="Check a policy, and have it hold.")
def command() -> None:
    """Check a policy, have it hold, show the one that holds.

    \b
    Example:
      amparo policy show > policy.yaml
      amparo policy check policy.yaml
      amparo policy activate policy.yaml
    """


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Say what is wrong with the policy in FILE, by line and column. Nothing is changed.

    \b
    Example:
      amparo policy check policy.yaml
    """
    from amparo.detect.deciding import read_policy

    policy = read_policy(_text(file), str(file))
    announce(f"{file}: {len(policy.rules)} rules, nothing wrong.")
    leave(0)


@command.command("activate")
@click.argument("file", type=click.Path(path_type=Path))
@organisation_option
def activate(file: Path, organisation: str | None) -> None:
    """Have the policy in FILE hold from the next upload on.

    \b
    Example:
      amparo policy activate policy.yaml
    """
    from amparo.app.change_policy import activate_policy
    from amparo.core.clock import SystemClock

    with opened() as database:
        actor = operator(database, organisation)
        version = activate_policy(database, _text(file), str(file), actor, SystemClock())
    announce(f"Version {version} holds from now on.")
    leave(0)


@command.command("show")
@organisation_option
def show(organisation: str | None) -> None:
    """Print the policy that holds.

    \b
    Example:
      amparo policy show > policy.yaml
    """
    from amparo.detect.deciding.store import Policies

    with opened() as database:
        actor = operator(database, organisation)
        with database.reading() as work:
            version, text = Policies(work).active(actor.organisation_id)
    announce(f"Version {version}." if version else "The default: no other was activated.")
    click.echo(text, nl=False)
    leave(0)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {str(file)!r}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{file} cannot be read as UTF-8 text.") from error
