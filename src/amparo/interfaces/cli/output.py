"""Records on standard output as JSON lines, CSV or a table, each whole line at once."""

import base64
import csv
import io
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import partial

from amparo.core.errors import Unavailable

CRLF = "\r\n"

Record = Mapping[str, object]
Printer = Callable[[Record], None]


class ReaderGone(Exception):
    """Whoever read our output has seen enough."""


class Format(StrEnum):
    """How records are printed."""

    JSONL = "jsonl"
    CSV = "csv"
    TABLE = "table"


def printer(
    form: Format, columns: Mapping[str, int], rows: Callable[[Record], list[Record]]
) -> Printer:
    """A function that prints a record; for CSV and tables `rows` makes it one row or several.

    `columns` says how wide each is in a table.
    """
    if form is Format.JSONL:
        return _print_json
    widths = tuple(columns.values())
    show = _csv_row if form is Format.CSV else partial(_table_row, widths=widths)
    _write(show(list(columns)))

    def print_rows(record: Record) -> None:
        for row in rows(record):
            _write(show([row.get(column) for column in columns]))

    return print_rows


def path_fields(path: str) -> dict[str, str]:
    """`path` for a record; one that is not UTF-8 also as base64 of its bytes."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return {"path": path, "path_b64": base64.b64encode(os.fsencode(path)).decode("ascii")}
    return {"path": path}


def _print_json(record: Record) -> None:
    _write(json.dumps(record))


def _csv_row(values: Sequence[object]) -> str:
    out = io.StringIO()
    # With this terminator the writer quotes both of its characters where a name holds them.
    csv.writer(out, lineterminator=CRLF).writerow(["" if each is None else each for each in values])
    return out.getvalue().removesuffix(CRLF).encode("utf-8", "backslashreplace").decode("utf-8")


def _table_row(values: Sequence[object], *, widths: Sequence[int]) -> str:
    cells = zip(values, widths, strict=True)
    return "  ".join(_cell(value).ljust(width) for value, width in cells).rstrip()


def _cell(value: object) -> str:
    """A value that cannot move the cursor or ring a bell, whatever a file was named."""
    text = "" if value is None else str(value)
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _write(line: str) -> None:
    """One write a line, so that whoever ends the program leaves none behind by half."""
    try:
        sys.stdout.write(line + "\n")
        if sys.stdout.isatty():
            sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGone from None  # click would end with 1, which means a match
    except OSError as error:
        raise _not_written(error) from error


def finish() -> None:
    """See to it that everything printed has reached its reader."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGone from None  # click would end with 1, which means a match
    except OSError as error:
        raise _not_written(error) from error


def _not_written(error: OSError) -> Unavailable:
    return Unavailable(f"Results cannot be written: {error.strerror}. They are incomplete.")
