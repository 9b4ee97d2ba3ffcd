"""`python -m benchmarks NAME`: run one benchmark and print its figures, the last line as JSON."""

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, machine

NAMES = (
    "hashing",
    "video",
    "scan_start",
    "matching",
    "growth",
    "freshness",
    "accuracy",
    "serving",
    "importing",
    "telling",
    "backing_up",
    "texts",
    "scoring",
    "bulk",
)


def main() -> int:
    """0 where every target was reached, 1 where one was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=[*NAMES, "all"])
    parser.add_argument("--size", type=int, help="rounds or rows, whatever the benchmark counts")
    parser.add_argument("--json", type=Path, help="also write the last line to this file")
    asked = parser.parse_args()
    names = NAMES if asked.name == "all" else (asked.name,)
    return max([_run(name, asked.size, asked.json) for name in names])


def _run(name: str, size: int | None, file: Path | None) -> int:
    benchmark = import_module(f"benchmarks.{name}")
    figures = benchmark.measure(size) if size else benchmark.measure()
    _show(name, figures)
    result = {
        "benchmark": name,
        "machine": machine(),
        "results": [figure.as_json() for figure in figures],
    }
    line = json.dumps(result)
    if file is not None:
        file.write_text(line + "\n", encoding="utf-8")
    print(line)
    return 0 if all(figure.reached is not False for figure in figures) else 1


def _show(name: str, figures: list[Figure]) -> None:
    table = Table(title=f"{name}, on {machine()}")
    for heading in ("figure", "unit", "ours", "peer", "peer's name", "ratio", "target", "reached"):
        table.add_column(heading)
    for each in figures:
        reached = {True: "yes", False: "NO", None: ""}[each.reached]
        target = "" if each.target is None else f"{each.sign} {each.target}"
        row = (each.name, each.unit, f"{each.ours:.2f}", f"{each.peer:.2f}", each.peer_name)
        table.add_row(*row, f"{each.ratio:.2f}", target, reached)
    Console(stderr=True, width=130).print(table)


if __name__ == "__main__":
    sys.exit(main())
