"""`amparo policy`: check a policy, try it, run it in the shadow, have it hold."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amparo.core.errors import AmparoError, Conflict
from amparo.core.settings import settings
from amparo.interfaces.cli.database import opened, operator, organisation_option
from amparo.interfaces.cli.options import FORMAT, announce, leave, text_of
from amparo.interfaces.cli.output import Format, printer
from amparo.interfaces.cli.progress import counting

if TYPE_CHECKING:
    from amparo.access.model import Actor
    from amparo.db import Database
    from amparo.detect.deciding import Action, Policy

_VERSIONS = {"version": 7, "stands": 7, "saved": 25, "by": 30}
_CHANGED = {"media_id": 36, "was": 8, "would_be": 8, "rules": 40}


@click.group("policy", short_help="Check a policy, and have it hold.")
def command() -> None:
    """Check a policy, try it on the record and in the shadow, have it hold, show what holds.

    \b
    Example:
      amparo policy show > policy.yaml
      amparo policy check policy.yaml
      amparo policy test policy.yaml
      amparo policy shadow policy.yaml
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
    from amparo.detect.deciding.policy import checked_policy

    policy = checked_policy(text_of(file), str(file))
    _warn_of_scores(policy)
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
    from amparo.detect.deciding.policy import checked_policy

    policy = checked_policy(text_of(file), str(file))
    _warn_of_scores(policy)
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
    _announce_moved(result.moved)
    leave(0)


@command.command("save")
@click.argument("file", type=click.Path(path_type=Path))
@organisation_option
def save(file: Path, organisation: str | None) -> None:
    """Keep the policy in FILE as a version, and print its number. What holds stays as it is.

    \b
    Example:
      amparo policy save policy.yaml
    """
    with opened() as database:
        number = _number(database, operator(database, organisation), str(file))
    click.echo(number)
    leave(0)


@command.command("activate")
@click.argument("policy", metavar="FILE|VERSION")
@organisation_option
def activate(policy: str, organisation: str | None) -> None:
    """Have the policy in a file, or a version that was saved, hold from the next upload on.

    Version 0 is the default.

    \b
    Example:
      amparo policy activate policy.yaml
      amparo policy activate 3
    """
    from amparo.app.change_policy import activate_policy
    from amparo.core.clock import SystemClock

    with opened() as database:
        actor = operator(database, organisation)
        number = _number(database, actor, policy)
        activate_policy(database, number, actor, SystemClock())
    announce(f"Version {number} holds from now on.")
    leave(0)


@command.command("shadow")
@click.argument("policy", metavar="FILE|VERSION", required=False)
@click.option("--off", is_flag=True, help="Run none beside the one that holds.")
@organisation_option
def shadow(policy: str | None, off: bool, organisation: str | None) -> None:
    """Have a policy decide beside the one that holds, on record and without any consequence.

    \b
    Example:
      amparo policy shadow policy.yaml
      amparo policy compare
      amparo policy shadow --off
    """
    from amparo.app.change_policy import shadow_policy
    from amparo.core.clock import SystemClock

    if off == (policy is not None):
        raise click.UsageError("Name a file or a version, or say --off.")
    with opened() as database:
        actor = operator(database, organisation)
        number = None if policy is None else _number(database, actor, policy)
        shadow_policy(database, number, actor, SystemClock())
    announce("None runs in the shadow." if off else f"Version {number} runs in the shadow.")
    leave(0)


@command.command("compare")
@click.argument("version", type=int, required=False)
@click.option(
    "--last", type=click.IntRange(min=1), default=100, show_default=True,
    help="How many uploads are printed, the newest first.",
)  # fmt: skip
@FORMAT
@organisation_option
def compare(version: int | None, last: int, form: str, organisation: str | None) -> None:
    """Print uploads that a VERSION would have decided differently while it ran in the shadow.

    Without VERSION, the one that runs there now. The sums are on standard error.

    \b
    Example:
      amparo policy compare --format table
    """
    from amparo.detect.deciding.versions import Policies

    show_row = printer(Format(form), _CHANGED, lambda record: [record])
    with opened() as database:
        organisation_id = operator(database, organisation).organisation_id
        with database.reading() as work:
            policies = Policies(work)
            if version is None:
                running = policies.standing(organisation_id).shadow
                if running is None:
                    raise Conflict("None runs in the shadow; name a version that did.")
                version = running.number
            moved = policies.compared(organisation_id, version)
            differing = policies.differing(organisation_id, version, limit=last)
    for each in differing:
        show_row(
            {
                "media_id": str(each.media_id),
                "was": each.action.value,
                "would_be": each.shadow.action.value,
                "rules": " ".join(each.shadow.rules),
            }
        )
    announce(f"Version {version} ran beside {moved.total()} decisions.")
    _announce_moved(moved)
    leave(0)


@command.command("versions")
@FORMAT
@organisation_option
def versions(form: str, organisation: str | None) -> None:
    """Show the versions that were saved, the newest first; version 0 is the default.

    \b
    Example:
      amparo policy versions --format table
    """
    from amparo.detect.deciding.versions import Policies

    with opened() as database:
        organisation_id = operator(database, organisation).organisation_id
        with database.reading() as work:
            standing = Policies(work).standing(organisation_id)
            saved = Policies(work).all(organisation_id)
    stands = {standing.live.number: "holds"}
    if standing.shadow is not None:
        stands.setdefault(standing.shadow.number, "shadow")
    show_row = printer(Format(form), _VERSIONS, lambda record: [record])
    for each in saved:
        show_row(
            {
                "version": each.number,
                "stands": stands.get(each.number, ""),
                "saved": each.saved_at.isoformat(timespec="seconds"),
                "by": each.saved_by,
            }
        )
    if standing.live.number == 0:
        announce("The default holds.")
    leave(0)


@command.command("show")
@click.argument("version", type=int, required=False)
@organisation_option
def show(version: int | None, organisation: str | None) -> None:
    """Print the policy that holds, or another VERSION.

    \b
    Example:
      amparo policy show > policy.yaml
    """
    from amparo.detect.deciding.versions import Policies

    with opened() as database:
        actor = operator(database, organisation)
        with database.reading() as work:
            policies = Policies(work)
            one = (
                policies.standing(actor.organisation_id).live
                if version is None
                else policies.get(actor.organisation_id, version)
            )
    announce(f"Version {one.number}." if one.number else "The default, version 0.")
    click.echo(one.text, nl=False)
    leave(0)


def _number(database: "Database", actor: "Actor", policy: str) -> int:
    """The version that is named, or the one that the file's policy is saved as."""
    from amparo.app.change_policy import save_policy
    from amparo.core.clock import SystemClock
    from amparo.detect.deciding import read_policy

    if policy.isdecimal() and not Path(policy).exists():
        return int(policy)
    text = text_of(Path(policy))
    number = save_policy(database, text, policy, actor, SystemClock())
    _warn_of_scores(read_policy(text, policy))
    return number


def _warn_of_scores(policy: "Policy") -> None:
    """Names the scores that no scorer here gives, for which a rule would wait in vain."""
    from amparo.detect.deciding.on_scores import score_names
    from amparo.detect.scoring.plug_ins import labels

    if not any(score_names(rule.condition.text) for rule in policy.rules):
        return
    try:
        known = labels(settings())
    except AmparoError as error:
        announce(f"Whether its scores are given here cannot be told: {error.message}")
        return
    for rule in policy.rules:
        for name in sorted(score_names(rule.condition.text) - known):
            announce(
                f"Rule {rule.id!r} names the score {name!r}, which no scorer here gives "
                f"(AMPARO_SCORERS); there are {', '.join(sorted(known)) or 'none'}."
            )


def _announce_moved(moved: "Counter[tuple[Action, Action]]") -> None:
    for (before, after), count in sorted(moved.items()):
        if before is not after:
            announce(f"{before.value} → {after.value}: {count}")
