"""`amparo policy`: check a policy, have it hold, show the one that holds."""

from pathlib import Path

import click

from amparo.core.errors import Invalid, NotFound
from amparo.interfaces.cli.database import opened, operator, organisation_option
from amparo.interfaces.cli.options import FORMAT, announce, leave
from amparo.interfaces.cli.output import Format, printer
from amparo.interfaces.cli.progress import counting

_CHANGED = {"media_id": 36, "was": 8, "would_be": 8, "rules": 40}


@click.group("policy", short_help="Check a policy, and have it hold.")
def command() -> None:
    """Check a policy, try it on the record, have it hold, show the one that holds.

    \b
    Example:
      amparo policy show > policy.yaml
      amparo policy check policy.yaml
      amparo policy test policy.yaml
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


@command.command("test")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--last", type=click.IntRange(min=1), default=10_000, show_default=True,
    help="How many uploads are decided on anew, the newest first.",
)  # fmt: skip
@FORMAT
@organisation_option
def test(file: Path, last: int, form: str, organisation: str | None) -> None:
    """Decide anew on the uploads on record by the policy in FILE, and print what would change.

    Nothing is changed. A line for each upload with another action; the sums on standard error.

    \b
    Example:
      amparo policy test policy.yaml --format table
    """
    from amparo.app.replay import Changed, replay
    from amparo.detect.deciding import read_policy

    policy = read_policy(_text(file), str(file))
    show_row = printer(Format(form), _CHANGED, lambda record: [record])

    def tell(changed: Changed) -> None:
        show_row(
            {
                "media_id": str(changed.recorded.media.id),
                "was": changed.recorded.decision.action.value,
                "would_be": changed.action.value,
                "rules": " ".join(changed.rules),
            }
        )

    with opened() as database, counting("Deciding anew", "uploads") as advance:
        actor = operator(database, organisation)
        result = replay(
            database, actor.organisation_id, policy, last=last, tell=tell, advance=advance
        )
    announce(f"{result.asked} uploads were decided on anew.")
    for (before, after), count in sorted(result.moved.items()):
        if before is not after:
            announce(f"{before.value} → {after.value}: {count}")
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
