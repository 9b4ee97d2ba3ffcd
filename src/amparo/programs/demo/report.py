"""What the demonstration found, as a table that a newcomer understands."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from amparo.app.scan_files import FileMatches
from amparo.detect.matching import Match
from amparo.programs.demo.clip_report import clip_faults, clip_table
from amparo.programs.demo.copies import ALTERATIONS, Alteration
from amparo.programs.demo.photographs import KNOWN, UNRELATED
from amparo.programs.demo.run import RADIUS_BITS, Exhibit, Exhibits

_IN_WORDS = {
    "original": "itself",
    "rotate90": "turned",
    "rotate180": "turned by half",
    "rotate270": "turned",
    "flipx": "upside down",
    "flipy": "mirrored",
    "flipplus1": "turned and mirrored",
    "flipminus1": "turned and mirrored",
}

_PARTS = {
    "": "",
    "inner": " without its borders",
    "within-bars": " without its bars",
}


def show(
    exhibits: Exhibits,
    results: Mapping[Path, FileMatches],
    seconds: float,
    *,
    kept: bool,
    program: str,
) -> list[str]:
    """Print the table, the rate and what to type next; the faults, of which there must be none."""
    console = Console(width=None if Console().is_terminal else 100, highlight=False)
    console.print(_table(exhibits, results))
    faults = _faults(exhibits, results)
    _tell_unrelated(console, exhibits, results)
    if exhibits.clips:
        console.print(clip_table(exhibits, results))
        faults += clip_faults(exhibits, results)
    count = len(exhibits.files) + len(exhibits.clips)
    console.print(f"{count} files in {seconds:.1f} s: {count / seconds:.0f} files a second.")
    for fault in faults:
        console.print(f"[bold red]Not as it must be:[/] {fault}")
    if not faults:
        console.print("[green]Everything that must be found was found, and nothing else.[/]")
    _tell_sources(console)
    _tell_next(console, exhibits, kept=kept, program=program)
    return faults


def _table(exhibits: Exhibits, results: Mapping[Path, FileMatches]) -> Table:
    table = Table(
        title=f"{len(KNOWN)} known photographs, each altered in {len(ALTERATIONS)} ways",
        caption=f"Distance: how many of 256 bits differ; up to {RADIUS_BITS} is a match.",
    )
    table.add_column("What was done to the picture")
    table.add_column("Found", justify="right")
    table.add_column("Distance", justify="right")
    table.add_column("Found as, or why missed")
    for alteration in ALTERATIONS:
        copies = [each for each in exhibits.files if each.alteration is alteration]
        table.add_row(*_row(alteration, copies, results))
    return table


def _row(
    alteration: Alteration, copies: list[Exhibit], results: Mapping[Path, FileMatches]
) -> tuple[str, str, str, str]:
    matches = [match for copy in copies if (match := _right_match(copy, results)) is not None]
    distances = [match.distance_bits for match in matches]
    span = f"{min(distances)} to {max(distances)}" if distances else "–"
    told = _variants(matches) if matches else ""
    if alteration.limit and len(matches) < len(copies):
        told = f"{told}; missed: {alteration.limit}" if told else f"missed: {alteration.limit}"
    return alteration.name, f"{len(matches)} of {len(copies)}", span, told


def _variants(matches: Iterable[Match]) -> str:
    words = []
    for match in matches:
        part, _, turn = match.variant.rpartition("-")
        word = f"{_IN_WORDS[turn]}{_PARTS[part]}"
        if word not in words:
            words.append(word)
    return ", ".join(words)


def _right_match(exhibit: Exhibit, results: Mapping[Path, FileMatches]) -> Match | None:
    """The match of a copy with the photograph that it was made from."""
    matches = results[exhibit.path].matches
    return next((each for each in matches if each.signal_id == exhibit.photograph.name), None)


def _faults(exhibits: Exhibits, results: Mapping[Path, FileMatches]) -> list[str]:
    faults = []
    for exhibit in exhibits.files:
        result = results.get(exhibit.path)
        if result is None or result.problem is not None:
            faults.append(f"{exhibit.path.name} could not be read")
            continue
        wrong = [m for m in result.matches if m.signal_id != exhibit.photograph.name]
        faults += [f"{exhibit.path.name} was taken for {match.signal_id}" for match in wrong]
        must = exhibit.alteration is not None and exhibit.alteration.must_be_found
        if must and _right_match(exhibit, results) is None:
            faults.append(f"{exhibit.path.name} was not found")
    return faults


def _tell_unrelated(
    console: Console, exhibits: Exhibits, results: Mapping[Path, FileMatches]
) -> None:
    unrelated = [exhibit for exhibit in exhibits.files if exhibit.alteration is None]
    taken = sum(bool(results[exhibit.path].matches) for exhibit in unrelated)
    console.print(f"Unrelated photographs taken for known ones: {taken} of {len(unrelated)}.")


def _tell_sources(console: Console) -> None:
    console.print("\n[bold]The photographs[/] ship inside scikit-image and scikit-learn:")
    credit = [f"{each.name} ({each.credit})" for each in (*KNOWN, *UNRELATED)]
    console.print("; ".join(credit) + ".", style="dim")


def _tell_next(console: Console, exhibits: Exhibits, *, kept: bool, program: str) -> None:
    console.print("\n[bold]Now with your own files:[/]")
    console.print(f"  {program} hash FOLDER_OF_KNOWN > known.jsonl", soft_wrap=True)
    console.print(f"  {program} scan FOLDER --against known.jsonl --format table", soft_wrap=True)
    if kept:
        again = f"  {program} scan {exhibits.uploads} --against {exhibits.known}"
        console.print(again, soft_wrap=True, markup=False)
    else:
        console.print(f"  {program} doctor", soft_wrap=True)
