"""`amparo scan`: which files match a list, a line for each file."""

from typing import TYPE_CHECKING

import click

from amparo.core.problems import ProblemCode
from amparo.interfaces.cli.found_in_videos import FIELDS, WIDTHS, in_table, shares_of
from amparo.interfaces.cli.options import (
    ALGORITHM,
    FORMAT,
    PATHS,
    PDQ_INPUT,
    PROCESSES,
    announce,
    leave,
)
from amparo.interfaces.cli.output import Format, Record, path_fields, printer

if TYPE_CHECKING:
    from pathlib import Path

    from amparo.app.scan_files import FileMatches
    from amparo.detect.matching import KnownSignals, Match

_COLUMNS = (
    "list", "signal", "algorithm", "distance", "variant", "frame", "error", "message",
    "path", "path_b64", "seconds", *FIELDS,
)  # fmt: skip
_TABLE = {
    "distance": 8, "variant": 14, **WIDTHS, "list": 10, "signal": 13, "path": 24, "error": 0,
}  # fmt: skip
"""In 120 columns there is room for what is usual; what is longer is shown all the same."""

_NOTHING_TO_SEE = frozenset(
    {
        ProblemCode.MEDIA_NOT_A_PICTURE,
        ProblemCode.MEDIA_UNKNOWN_KIND,
        ProblemCode.MEDIA_NO_VIDEO,
    }
)


@click.command("scan", short_help="Hold files against a list of known hashes.")
@PATHS
@click.option(
    "--against",
    "lists",
    multiple=True,
    required=True,
    metavar="LIST",
    help="A list file: CSV, JSON lines or one hash a line. May be given again.",
)
@click.option(
    "--radius",
    type=click.IntRange(0, 31),
    default=31,
    show_default=True,
    help="How many of 256 bits a near hash may differ in.",
)
@ALGORITHM
@click.option(
    "--pictures-only",
    is_flag=True,
    help="Pass over silently what is neither a picture nor a video, sound too, unless its digest "
    "is known.",
)
@FORMAT
@PDQ_INPUT
@PROCESSES
def command(
    paths: tuple[str, ...],
    lists: tuple[str, ...],
    radius: int,
    algorithm: str | None,
    pictures_only: bool,
    form: str,
    pdq_input: str,
    processes: int | None,
) -> None:
    """Hold every file at or below each PATH against known hashes.

    \b
    Altered copies are found too: resized, re-encoded, lightly cropped, turned, mirrored,
    letterboxed; and of videos also parts, such as hold a known one, and single pictures.
    Exit status, as virus scanners have it: 0 nothing known, 1 something matched, 2 something
    could not be read and nothing matched.

    \b
    Example:
      amparo scan uploads/ --against known.jsonl
      amparo scan uploads/ --against known.csv --against more.txt --format table
    """
    from amparo.app.sandbox import open_sandbox
    from amparo.interfaces.cli.prepare import prepared

    settings = prepared(processes)
    columns = _TABLE if form == Format.TABLE else dict.fromkeys(_COLUMNS, 0)
    matched = failed = False
    with open_sandbox(settings) as sandbox:
        # The sandbox's server loads the kernels while this process loads the rest and the lists.
        from amparo.app.scan_files import scan_files
        from amparo.detect.hashing.model import PdqInput
        from amparo.interfaces.cli.progress import progress

        known = _known(lists, algorithm, settings.home)
        show = printer(Format(form), columns, _table_rows if form == Format.TABLE else _rows)
        with progress(paths) as bar:
            for file in scan_files(
                paths,
                known,
                sandbox,
                settings,
                radius_bits=radius,
                pdq_input=PdqInput(pdq_input),
            ):
                if not _is_passed_over(file, pictures_only):
                    show(_record(file))
                    matched = matched or bool(file.matches)
                    failed = failed or file.problem is not None
                bar.advance()
    leave(1 if matched else 2 if failed else 0)


def _known(lists: tuple[str, ...], algorithm: str | None, home: "Path") -> "KnownSignals":
    from datetime import UTC, datetime

    from amparo.app.known_lists import open_lists
    from amparo.detect.hashing.plug_ins import algorithm as algorithm_of
    from amparo.detect.matching.warm_up import warm_up
    from amparo.interfaces.cli.progress import share_bar

    warm_up(long=False)
    return open_lists(
        lists,
        home,
        datetime.now(UTC),
        algorithm=algorithm_of(algorithm) if algorithm else None,
        announce=announce,
        bar=share_bar,
    )


def _is_passed_over(file: "FileMatches", pictures_only: bool) -> bool:
    problem = file.problem
    return (
        pictures_only
        and not file.matches
        and problem is not None
        and problem.code in _NOTHING_TO_SEE
    )


def _record(file: "FileMatches") -> Record:
    record: dict[str, object] = {**path_fields(file.path)}
    if file.matches or file.problem is None:
        record["matches"] = [_match(each) for each in file.matches]
    if file.problem is not None:
        record["error"] = {"code": file.problem.code.value, "message": file.problem.message}
    return record


def _match(match: "Match") -> Record:
    """A match; of a video also when, and of a listed one where in that and how much of each."""
    record: dict[str, object] = {
        "list": match.list_name,
        "signal": match.signal_id,
        "algorithm": match.algorithm.value,
        "distance": match.distance_bits,
        "variant": match.variant,
    }
    if match.frame:
        record["frame"] = match.frame
    if match.seconds is not None:
        record["seconds"] = round(match.seconds, 3)
    if (film := match.film) is not None:
        if film.seconds is not None:
            record["seconds"] = round(film.seconds, 3)
        shares = shares_of(film).items()
        record |= {name: value for name, value in shares if value is not None}
    return record


def _rows(record: Record) -> list[Record]:
    """A row for each match, or one for a file without any."""
    common = {name: record.get(name) for name in ("path", "path_b64")}
    error = record.get("error")
    if isinstance(error, dict):
        common |= {"error": error["code"], "message": error["message"]}
    matches = record.get("matches")
    return [{**common, **match} for match in matches] if matches else [common]  # type: ignore[attr-defined]


def _table_rows(record: Record) -> list[Record]:
    return [in_table(row) for row in _rows(record)]
