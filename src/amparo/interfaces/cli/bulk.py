"""`amparo bulk`: an archive to a catalogue of hashes, and new signals against that catalogue."""

from typing import TYPE_CHECKING

import click

from amparo.core.problems import ProblemCode
from amparo.interfaces.cli.options import FORMAT, PROCESSES, announce, leave
from amparo.interfaces.cli.output import Format, Record, printer

if TYPE_CHECKING:
    from amparo.detect.bulk.model import Report

_SCANNED = {"what": 10, "code": 24, "objects": 10, "bytes": 16}

_ARE_FINE = frozenset({ProblemCode.MEDIA_NOT_A_PICTURE.value, ProblemCode.MEDIA_UNKNOWN_KIND.value})
"""An archive holds other files too; all that they have is their digests."""

RUNNER = click.option(
    "--runner",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Workers on this machine, or on the Ray cluster of RAY_ADDRESS.",
)

WORKERS = click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes of Daft's that each have sandboxed processes; with ray one a processor of the "
    "cluster, otherwise one for each 8 processors.",
)


@click.group("bulk", short_help="Scan archives to a catalogue; look back with new signals.")
def command() -> None:
    """Scan an archive once, and look back in its catalogue whenever lists have grown.

    \b
    Example:
      amparo bulk scan s3://archive/2019 --to s3://catalogues/2019
      amparo bulk lookback s3://catalogues/2019
    """


@command.command("scan")
@click.argument("source")
@click.option("--to", "catalogue", required=True, metavar="CATALOGUE",
              help="A folder, or a URL of an object store; made where there is none.")  # fmt: skip
@RUNNER
@WORKERS
@PROCESSES
@click.option("--rate-limit", "rate", metavar="RATE",
              help="What all workers together read at most: 100/s requests, or 50MB/s.")  # fmt: skip
@click.option("--part", "objects_a_part", type=click.IntRange(1, 100_000), default=500,
              show_default=True, help="Objects in each file of the catalogue.")  # fmt: skip
@click.option("--repair", is_flag=True,
              help="Put damaged files of the catalogue aside, and hash anew what they held.")  # fmt: skip
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
    form: str,
) -> None:
    """Hash every object of SOURCE, a folder or URL, into a catalogue. No media is copied.

    \b
    Ended at any point, the same command goes on where it was. Exit status: 0, or 2 where something
    could not be read.

    \b
    Example:
      amparo bulk scan uploads/ --to catalogue/
      amparo bulk scan s3://archive --to s3://catalogues/archive --rate-limit 200/s
    """
    from amparo.app.bulk_scan import Asked, bulk_scan
    from amparo.detect.bulk.each import Runner
    from amparo.detect.bulk.pace import Rate
    from amparo.interfaces.cli.prepare import prepared

    settings = prepared(processes)
    asked = Asked(
        source, catalogue, Runner(runner), workers or 1,
        Rate() if rate is None else Rate.of(rate), objects_a_part, repair,
    )  # fmt: skip
    show = printer(Format(form), _SCANNED, lambda record: [record])
    class P:
        unchanged = 0
        def found(self, objects: int, *, unchanged: int) -> None:
            self.unchanged += unchanged
        def done(self, report: "Report") -> None: ...
    p = P()
    report = bulk_scan(asked, settings, p, announce)
    for record in _records(report, p.unchanged):
        show(record)
    if report.stopped:
        announce(f"amparo: {report.stopped}")
    leave(2 if report.stopped or set(report.codes) - _ARE_FINE else 0)


def _records(report: "Report", unchanged: int) -> list[Record]:
    return [
        {"what": "scanned", "code": None, "objects": report.objects, "bytes": report.size_bytes},
        {"what": "unchanged", "code": None, "objects": unchanged, "bytes": None},
        *(
            {"what": "problem", "code": code, "objects": count, "bytes": None}
            for code, count in sorted(report.codes.items())
        ),
    ]
