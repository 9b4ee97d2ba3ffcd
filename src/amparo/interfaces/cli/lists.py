"""`amparo lists`: the lists in the database, filled from files and written to them."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amparo.core.settings import settings
from amparo.interfaces.cli.database import opened, operator, organisation_option
from amparo.interfaces.cli.lists_alter import (
    remove,
    rename,
    rules_as_typed,
    share,
    video_rules,
    video_rules_of,
)
from amparo.interfaces.cli.lists_guards import confirm, end_flood, floods, refuse, show_proposals
from amparo.interfaces.cli.options import ALGORITHM, FORMAT, announce, leave
from amparo.interfaces.cli.output import Format, Record, finish, printer
from amparo.interfaces.cli.progress import counting

if TYPE_CHECKING:
    from amparo.db import Database
    from amparo.detect.lists.model import Signal, SignalList

_COLUMNS = {
    "list": 16, "kind": 10, "subject": 8, "radius_bits": 11, "minimum_quality": 15, "revision": 8,
    "enabled_share": 13, "signals": 9,
    "video_rules": 0,
}  # fmt: skip
_PAGE = 5000


def radii_of(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, int]:
    """What `--radius-of` says, by type."""
    radii = {}
    for each in given:
        name, _sign, radius = each.partition("=")
        if not radius.isdecimal():
            raise click.BadParameter(f"{each!r} is not TYPE=RADIUS, such as mine=120.")
        radii[name] = int(radius)
    return radii


@click.group("lists", short_help="Make, fill, show and export lists.")
def command() -> None:
    """Make lists, fill them from files, show them, write them to files.

    \b
    Example:
      amparo lists create known --kind confirmed
      amparo lists import known known.csv
      amparo lists show --format table
    """


@command.command("create")
@click.argument("name")
@click.option(
    "--kind", type=click.Choice(["confirmed", "suspect", "negative"]), default="suspect",
    show_default=True, help="What a match with it means.",
)  # fmt: skip
@click.option(
    "--subject", type=click.Choice(["child", "adult"]), default="child", show_default=True,
    help="Whom its content shows; the two never mix.",
)  # fmt: skip
@click.option(
    "--radius", type=click.IntRange(0, 31),
    help="How many of 256 bits a perceptual hash may differ; 31, on a negative list 10.",
)  # fmt: skip
@click.option(
    "--quality", type=click.IntRange(0, 100), default=50, show_default=True,
    help="Perceptual hashes of a lower quality do not count.",
)  # fmt: skip
@click.option(
    "--radius-of", "radii", metavar="TYPE=RADIUS", multiple=True, callback=radii_of,
    help="How far hashes of a plugged-in type may lie apart; the type's own radius.",
)  # fmt: skip
@click.option(
    "--video-rule", "rules", metavar="QUERY:LISTED", multiple=True, callback=video_rules_of,
    help="A video matches where so many percent of its frames are in the listed one, and so many "
    "of that one's in it. May be given again; 80:0 and 0:80 unless given.",
)  # fmt: skip
@organisation_option
def create(
    name: str,
    kind: str,
    subject: str,
    radius: int | None,
    quality: int,
    radii: dict[str, int],
    rules: tuple[tuple[int, int], ...],
    organisation: str | None,
) -> None:
    """Make a list called NAME, without signals.

    \b
    Example:
      amparo lists create known --kind confirmed
    """
    from amparo.app.change_lists import create_list
    from amparo.core.clock import SystemClock
    from amparo.detect.lists.model import (
        VIDEO_RULES,
        ListKind,
        NewList,
        Subject,
        checked_name,
        checked_radii,
        checked_video_rules,
    )

    new = NewList(
        checked_name(name), ListKind(kind), Subject(subject), radius, quality,
        radii=checked_radii(radii),
        video_rules=checked_video_rules(rules) if rules else VIDEO_RULES,
    )  # fmt: skip
    with opened() as database:
        create_list(database, new, operator(database, organisation), SystemClock())
    announce(f"Made the list {name!r}.")
    leave(0)


@command.command("import")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--only-these", is_flag=True, help="Withdraw what the file does not have.")
@ALGORITHM
@click.option("--note", default="", help="Why they are on the list, where the file does not say.")
@click.option(
    "--days", type=click.IntRange(min=1),
    help="For how many days they count, where the file does not say.",
)  # fmt: skip
@organisation_option
def import_file(
    name: str,
    file: Path,
    only_these: bool,
    algorithm: str | None,
    note: str,
    days: int | None,
    organisation: str | None,
) -> None:
    """Add the signals in FILE to the list NAME: all of them, or none where a line is wrong.

    Others read and write meanwhile. Signals of the same hash are replaced. Those of a negative list
    need a note and an end.

    \b
    Example:
      amparo lists import known known.csv
      amparo lists import harmless memes.csv --note "a picture from the news" --days 365
    """
    from amparo.app.change_lists import import_into
    from amparo.app.listed_names import listed_names
    from amparo.core.clock import SystemClock
    from amparo.detect.hashing.plug_ins import algorithm as algorithm_of
    from amparo.detect.lists import read_signals

    clock = SystemClock()
    until = None if days is None else clock.now() + timedelta(days=days)
    kind = None if algorithm is None else algorithm_of(algorithm)
    signals = (signal for _, signal in read_signals(file, algorithm=kind) if signal is not None)
    if note or until is not None:
        signals = (
            replace(signal, note=signal.note or note, expires=signal.expires or until)
            for signal in signals
        )
    with opened() as database, counting(f"Importing {file.name}", "signals") as advance:
        sealed = map(listed_names(settings(), database).sealed, signals)
        result = import_into(
            database, name, sealed, operator(database, organisation), clock,
            only_these=only_these, advance=advance,
        )  # fmt: skip
    what = (
        f"Revision {result.revision} of {name!r}"
        if result.proposal is None
        else f"Proposal {result.proposal}, which two people who sign in must confirm"
    )
    announce(
        f"{what}: {result.added} added, {result.replaced} replaced, {result.withdrawn} withdrawn, "
        f"{result.unchanged} as they were."
    )
    leave(0)


@command.command("export")
@click.argument("name")
@click.option(
    "--form", type=click.Choice(["csv", "jsonl", "hashes"]), default="csv", show_default=True,
    help="How the list is written.",
)  # fmt: skip
@organisation_option
def export(name: str, form: str, organisation: str | None) -> None:
    """Write the list NAME to standard output, as `lists import` and `scan` read it.

    \b
    Example:
      amparo lists export known > known.csv
    """
    from amparo.detect.lists import write_list

    with opened() as database:
        write_list(_signals(database, name, organisation), sys.stdout, form=form)
    leave(0)


@command.command("show")
@FORMAT
@organisation_option
def show(form: str, organisation: str | None) -> None:
    """Show the lists: how many signals each has, and when videos match.

    \b
    Example:
      amparo lists show --format table
    """
    from amparo.detect.lists.store import Lists

    with opened() as database:
        actor = operator(database, organisation)
        with database.reading() as work:
            store = Lists(work)
            known = [(each, store.count(each)) for each in store.all(actor.organisation_id)]
    show_row = printer(Format(form), _COLUMNS, _row)
    for each, count in known:
        show_row(_record(each, count))
    finish()
    leave(0)


@command.command("withdraw")
@click.argument("name")
@click.argument("signals", metavar="SIGNAL...", nargs=-1, required=True)
@organisation_option
def withdraw(name: str, signals: tuple[str, ...], organisation: str | None) -> None:
    """Withdraw signals from the list NAME.

    \b
    A SIGNAL is the number that matches of the service and of `bulk lookback` name, or the id that
    `lists export` writes and `scan` prints. What is all digits is a number.

    \b
    Example:
      amparo lists withdraw known 4711 4712
      amparo lists withdraw words words.csv:2
    """
    from amparo.app.change_lists import withdraw_named
    from amparo.core.clock import SystemClock

    with opened() as database:
        actor = operator(database, organisation)
        change, numbers = withdraw_named(database, name, signals, actor, SystemClock())
    announce(f"Revision {change.revision} of {name!r}: {len(numbers)} withdrawn.")
    leave(0)


def _signals(database: "Database", name: str, organisation: str | None) -> "Iterator[Signal]":
    """All of one state of the list, whatever is written meanwhile."""
    from amparo.detect.lists.store import Lists

    actor = operator(database, organisation)
    with database.reading() as work:
        store = Lists(work)
        of = store.get(actor.organisation_id, name)
        after = 0
        while page := store.live(of, after=after, limit=_PAGE):
            yield from (each.signal for each in page)
            after = page[-1].number


def _row(record: Record) -> list[Record]:
    """Of a table or CSV, where rules stand one behind the other."""
    rules = record["video_rules"]
    assert isinstance(rules, list)
    return [{**record, "video_rules": " ".join(rules)}]


def _record(of: "SignalList", signals: int) -> dict[str, object]:
    return {
        "list": of.name,
        "kind": of.kind.value,
        "subject": of.subject.value,
        "radius_bits": of.radius_bits,
        "minimum_quality": of.minimum_quality,
        "revision": of.revision,
        "enabled_share": of.enabled_share,
        "signals": signals,
        "video_rules": rules_as_typed(of.video_rules),
    }


for each in (
    show_proposals, confirm, refuse, floods, end_flood, rename, share, video_rules, remove,
):  # fmt: skip
    command.add_command(each)
