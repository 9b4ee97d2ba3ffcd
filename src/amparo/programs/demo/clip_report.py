"""What the demonstration found of its clip, as a second table."""

from collections.abc import Mapping
from pathlib import Path

from rich.table import Table

from amparo.app.scan_files import FileMatches
from amparo.detect.matching import Match
from amparo.programs.demo.clips import KNOWN_NAME
from amparo.programs.demo.run import ClipExhibit, Exhibits

Results = Mapping[Path, FileMatches]


def clip_table(exhibits: Exhibits, results: Results) -> Table:
    """What was done to the clip, and which seconds of it were found where."""
    table = Table(
        title="A known clip, altered",
        caption="Shares: how much of the upload is in the clip, and of the clip in the upload.",
    )
    table.add_column("What was done to the clip")
    table.add_column("Found")
    table.add_column("Seconds of the upload")
    table.add_column("Seconds of the clip")
    table.add_column("Shares", justify="right")
    for exhibit in exhibits.clips:
        if exhibit.alteration is not None:
            table.add_row(exhibit.alteration.name, *_row(_match(exhibit, results)))
    return table


def clip_faults(exhibits: Exhibits, results: Results) -> list[str]:
    """What was not found that must be, and what was taken for it."""
    faults = []
    for exhibit in exhibits.clips:
        result = results.get(exhibit.path)
        if result is None or result.problem is not None:
            faults.append(f"{exhibit.path.name} could not be read")
        elif exhibit.alteration is not None and _match(exhibit, results) is None:
            faults.append(f"{exhibit.path.name} was not found")
        elif exhibit.alteration is None and result.matches:
            faults.append(f"{exhibit.path.name} was taken for {result.matches[0].signal_id}")
    return faults


def _match(exhibit: ClipExhibit, results: Results) -> Match | None:
    matches = results[exhibit.path].matches
    return next((each for each in matches if each.signal_id == KNOWN_NAME), None)


def _row(match: Match | None) -> tuple[str, ...]:
    if match is None or (film := match.film) is None:
        return "no", "", "", ""
    shown = _span(film.seconds, film.last_seconds)
    listed = _span(film.listed_seconds, film.listed_last_seconds)
    return "yes", shown, listed, f"{film.query_percent:.0f} %, {film.listed_percent:.0f} %"


def _span(first: float | None, last: float | None) -> str:
    if first is None or last is None:
        return "–"
    return f"{first:.0f}" if first == last else f"{first:.0f} to {last:.0f}"
