"""`amparo bulk`: an archive to a catalogue of hashes, and new signals against that catalogue."""

import shlex
from typing import TYPE_CHECKING

import click

from amparo.interfaces.cli.bulk_problems import ARE_FINE, bytes_of_key, problems
from amparo.interfaces.cli.database import (
    missing_file,
    opened,
    operator,
    organisation_option,
)
from amparo.interfaces.cli.found_in_videos import FIELDS, WIDTHS, in_table, shares_of
from amparo.interfaces.cli.options import FORMAT, PROCESSES, announce, leave
from amparo.interfaces.cli.output import Format, Record, printer
from amparo.interfaces.cli.progress import Archive, share_bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from amparo.app.bulk_lookback import Shown
    from amparo.detect.bulk.model import Report

_SCANNED = {"what": 10, "code": 24, "objects": 10, "bytes": 16}

_FOUND = (
    "list", "signal", "algorithm", "distance", "variant", "frame", "seconds", "new", "source",
    "key", "key_b64", *FIELDS,
)  # fmt: skip
_FOUND_TABLE = {
    "distance": 8, "variant": 14, **WIDTHS, "algorithm": 9, "list": 10, "signal": 8, "new": 5,
    "key": 24, "source": 0,
}  # fmt: skip

SURFACES = ("post", "message", "storage", "profile")

_PROCESSORS_A_SCANNER = 8
"""One process reads for so many that hash."""

_GOES_ON = "What is in the catalogue stays, and the same command goes on where this one was."

RUNNER = click.option(
    "--runner",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Workers on this machine, or on the Ray cluster of RAY_ADDRESS, begun here if not set.",
)

SCANNERS = click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes that read and write, each with sandboxed ones of its own; with ray one a "
    "processor of the cluster, otherwise one for each 8 processors.",
)

SEARCHERS = click.option(
    "--workers", type=click.IntRange(min=1), help="Processes that search; one a processor."
)


@click.group("bulk", short_help="Scan archives to a catalogue; look back with new signals.")
def command() -> None:
    """Scan an archive once, and look back in its catalogue whenever lists have grown.

    \b
    Example:
      amparo bulk scan s3://archive/2019 --to s3://catalogues/2019
      amparo bulk problems s3://catalogues/2019
      amparo bulk lookback s3://catalogues/2019
    """


@command.command("scan")
@click.argument("source")
@click.option("--to", "catalogue", required=True, metavar="CATALOGUE",
              help="A folder, or a URL of an object store; made where there is none.")  # fmt: skip
@RUNNER
@SCANNERS
@PROCESSES
@click.option("--rate-limit", "rate", metavar="RATE",
              help="All workers together read no more: 100/s requests, or 50MB/s.")  # fmt: skip
@click.option("--part", "objects_a_part", type=click.IntRange(1, 100_000), default=500,
              show_default=True, help="Objects in each file of the catalogue.")  # fmt: skip
@click.option("--repair", is_flag=True,
              help="Put damaged files of the catalogue aside; hash what they held.")  # fmt: skip
@click.option("--surface", type=click.Choice(SURFACES), default="storage", show_default=True,
              help="What the archive is of; the law may want a basis for it.")  # fmt: skip
@organisation_option
@FORMAT
def scan(
    source: str,
    catalogue: str,
    runner: str,
    workers: int | None,
    processes: int | None,
    rate: str | None,
    objects_a_part: int,
    repair: bool,
    surface: str,
    organisation: str | None,
    form: str,
) -> None:
    """Hash every object of SOURCE, a folder or URL, into a catalogue. No media is copied.

    \b
    SOURCE is a folder or a prefix, not one object. Ended at any point, the same command goes on
    where it was. Exit status: 0, or 2 where something could not be read, or there is nothing;
    empty files and those that are neither pictures nor videos are fine.

    \b
    Example:
      amparo bulk scan uploads/ --to catalogue/
      amparo bulk scan s3://archive --to s3://catalogues/archive --rate-limit 200/s
    """
    from amparo.app.bulk_scan import Asked, bulk_scan
    from amparo.detect.bulk.each import Runner, check_parts, processors, workers_of
    from amparo.detect.bulk.pace import Rate
    from amparo.interfaces.cli.prepare import prepared
    from amparo.interfaces.cli.progress import archive_bar

    check_parts()
    _require_lawful(surface, organisation)
    settings = prepared(processes)
    how = Runner(runner)
    count = workers or workers_of(how, processors_each=_PROCESSORS_A_SCANNER)
    if processes is None:  # all workers together take one a processor, on Ray one each
        together = count if how is Runner.RAY else settings.processes or processors()
        settings = settings.model_copy(update={"processes": max(1, together // count)})
    asked = Asked(
        source, catalogue, how, count, Rate() if rate is None else Rate.of(rate), objects_a_part,
        repair, surface,
    )  # fmt: skip
    with archive_bar() as bar:
        told = _Told(bar)
        try:
            report = bulk_scan(asked, settings, told, announce)
        except KeyboardInterrupt:
            announce(f"amparo: Interrupted. {_GOES_ON}")
            raise
    show = printer(Format(form), _SCANNED, lambda record: [record])
    for record in _records(report, told.unchanged):
        show(record)
    if report.codes or told.unchanged:
        announce(
            f"`amparo bulk problems {shlex.quote(catalogue)}` names every object that has a "
            "problem, those of earlier scans too."
        )
    if report.stopped:
        announce(f"amparo: {report.stopped}")
    leave(2 if report.stopped or set(report.codes) - ARE_FINE else 0)


@command.command("lookback")
@click.argument("catalogue")
@click.option("--since", type=click.IntRange(min=0), metavar="REVISION",
              help="Search for what lists gained after this revision of theirs; where the last "
              "look-back ended unless said otherwise, 0 for all.")  # fmt: skip
@click.option("--list", "lists", multiple=True, metavar="NAME",
              help="Only signals of this list; may be given again.")  # fmt: skip
@RUNNER
@SEARCHERS
@organisation_option
@FORMAT
def lookback(
    catalogue: str,
    since: int | None,
    lists: tuple[str, ...],
    runner: str,
    workers: int | None,
    organisation: str | None,
    form: str,
) -> None:
    """Hold what lists have gained against CATALOGUE, without reading the archive again.

    \b
    Finds are printed, and on record once however often this is run; a person decides what follows.
    Exit status: 0 nothing found, 1 something found, 2 it could not be done.

    \b
    Example:
      amparo bulk lookback catalogue/
      amparo bulk lookback s3://catalogues/2019 --since 41 --list known
    """
    from amparo.detect.bulk.each import Runner, check_parts, workers_of
    from amparo.interfaces.cli.prepare import prepared

    check_parts()
    with opened() as database:
        actor = operator(database, organisation)
        settings = prepared()  # kernels take a while: only where there is something to search for
        from amparo.app.bulk_lookback import Asked, look_back
        from amparo.core.clock import SystemClock

        how = Runner(runner)
        asked = Asked(catalogue, since, lists, how, workers or workers_of(how, processors_each=1))
        with share_bar("Looking back") as advance:
            result = look_back(
                asked, settings, database, actor, SystemClock(),
                show=_find_printer(Format(form)), announce=announce, advance=advance,
            )  # fmt: skip
    for name, revision in sorted(result.revisions.items()):
        announce(f"{name}: looked back up to revision {revision}.")
    announce(f"{result.found} finds, {result.new} of them new.")
    leave(1 if result.found else 0)


def _find_printer(form: Format) -> "Callable[[Shown], None]":
    is_table = form is Format.TABLE
    show = printer(
        form, _FOUND_TABLE if is_table else dict.fromkeys(_FOUND, 0),
        lambda record: [in_table(record) if is_table else record],
    )  # fmt: skip
    return lambda one: show(_find_record(one))


def _require_lawful(surface: str, organisation: str | None) -> None:
    """Raises Denied. A machine without a database has no profile."""
    from amparo.app.lawful import require_lawful, require_not_private

    if missing_file() is not None:
        require_not_private(surface)
        return
    with opened() as database:
        actor = operator(database, organisation)
        with database.reading() as work:
            require_lawful(work, surface, actor.organisation_id)


class _Told:
    """Counts what is passed over, and tells the bar the rest."""

    def __init__(self, bar: Archive) -> None:
        self.unchanged = 0
        self._bar = bar

    def found(self, objects: int, *, unchanged: int) -> None:
        self.unchanged += unchanged
        self._bar.found(objects)

    def done(self, report: "Report") -> None:
        codes = report.codes.items()
        problems = sum(count for code, count in codes if code not in ARE_FINE)
        self._bar.done(report.objects, problems)


def _records(report: "Report", unchanged: int) -> list[Record]:
    return [
        {"what": "scanned", "code": None, "objects": report.objects, "bytes": report.size_bytes},
        {"what": "unchanged", "code": None, "objects": unchanged, "bytes": None},
        *(
            {"what": "problem", "code": code, "objects": count, "bytes": None}
            for code, count in sorted(report.codes.items())
        ),
    ]


def _find_record(shown: "Shown") -> Record:
    find = shown.find
    return {
        "source": find.source,
        "key": find.key,
        **bytes_of_key(find.key_bytes),
        "list": shown.list_name,
        "signal": find.signal_number,
        "algorithm": find.algorithm,
        "distance": find.distance_bits,
        "variant": find.variant,
        "frame": find.frame,
        "seconds": None if find.seconds is None else round(find.seconds, 3),
        **shares_of(find),
        "new": shown.is_new,
    }


command.add_command(problems)
