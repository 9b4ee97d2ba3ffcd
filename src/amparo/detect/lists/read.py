"""Read a list file whole: CSV with a header, JSON lines, or one hash a line.

Which of the three it is follows from its first line. The first bad line ends the reading with its
number and column, so that nothing is ever imported by half.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from amparo.core.errors import Invalid, NotFound
from amparo.detect.hashing.model import WRITTEN, Algorithm
from amparo.detect.hashing.plug_ins import algorithm as algorithm_of
from amparo.detect.hashing.plug_ins import algorithms
from amparo.detect.lists.columns import (
    COLUMNS,
    BadValue,
    checked_names,
    checked_value,
    is_unhashed,
    signal,
)
from amparo.detect.lists.model import KnownList, Signal

LONGEST_LINE = 1_048_576
"""Characters: a long video is many hashes."""

csv.field_size_limit(LONGEST_LINE)

Entry = tuple[int, Signal | None]
"""The number of a line and the signal on it."""

_UTF_16 = "is UTF-16; save it as UTF-8, “CSV UTF-8” in Excel"
_NOT_TEXT = (
    ("\udcff\udcfe", _UTF_16),
    ("\udcfe\udcff", _UTF_16),
    ("\x1f\udc8b", "is compressed by gzip; unpack it with gunzip"),
    ("PK\x03\x04", "is a spreadsheet or a zip archive; save it as CSV, or unpack it"),
)
"""How files begin that are taken for lists, and what helps."""

_WITH_A_FILE_NAME = re.compile(r"[0-9A-Fa-f]{32,} [ *].")
"""How `sha256sum` and its like print."""


def read_list(path: Path, *, algorithm: Algorithm | None = None) -> KnownList:
    """The list in the file at `path`, named for the file.

    `algorithm` tells what a bare hash is where its length does not: 64 digits can be PDQ or
    SHA-256. Raises NotFound or Invalid, which names file, line and column.
    """
    signals = []
    unhashed = 0
    for _, found in read_signals(path, algorithm=algorithm):
        if found is None:
            unhashed += 1
        else:
            signals.append(found)
    return KnownList(path.stem, tuple(signals), unhashed)


def read_signals(path: Path, *, algorithm: Algorithm | None = None) -> Iterator[Entry]:
    """The lines of the list one by one, for a list of any length; see `read_list`.

    Each with its number; a line about a file that had no hash has no signal. What came before a
    bad line must not be used.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield from _read(path, _checked_lines(path, file), algorithm)
    except FileNotFoundError as error:
        raise NotFound(f"There is no list or file {str(path)!r}.") from error
    except OSError as error:
        raise Invalid(f"{path}: the list cannot be read: {error.strerror}.") from error


def _read(path: Path, lines: Iterator[str], algorithm: Algorithm | None) -> Iterator[Entry]:
    skipped = 0
    for first in lines:
        if first.strip() and not first.startswith("#"):
            break
        skipped += 1
    else:
        raise Invalid(f"{path}: the list is empty.")
    start = skipped + 1
    first = first.removeprefix("\ufeff")
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        if "," not in first and "algorithm" in first.lower() and separator in first:
            raise _bad(path, start, "", f"separates its columns by {name}; they must be commas")
    if first.lstrip().startswith("["):
        raise _bad(path, start, "", "begins a JSON array; a list has one JSON object a line")
    if first.lstrip().startswith("{"):
        return _json_lines(path, _again(first, lines), start)
    if "," in first and not _WITH_A_FILE_NAME.match(first):
        return _csv(path, _again(first, lines), start)
    return _bare(path, _again(first, lines), start, algorithm)


def _csv(path: Path, lines: Iterator[str], start: int) -> Iterator[Entry]:
    reader = csv.reader(lines, strict=True)
    try:
        names = [name.strip().lower() for name in next(reader)]
        for required in ("algorithm", "value"):
            if required not in names:
                raise _bad(path, start, required, "is missing from the header")
        if len(set(names)) != len(names):
            raise _bad(path, start, "header", "names a column twice")
        checked_names(names)
        for row in reader:
            number = start + reader.line_num - 1
            if not any(field.strip() for field in row):
                continue
            if len(row) != len(names):
                raise _bad(path, number, "", f"has {len(row)} columns, the header {len(names)}")
            fields = dict(zip(names, row, strict=True))
            yield number, None if is_unhashed(fields) else _signal(path, number, fields)
    except BadValue as error:
        raise _bad(path, start, error.column, error.message) from error
    except csv.Error as error:
        raise _bad(path, start + reader.line_num - 1, "", f"is not CSV: {error}") from error


def _json_lines(path: Path, lines: Iterator[str], start: int) -> Iterator[Entry]:
    for number, line in enumerate(lines, start):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _bad(path, number, "", "is not JSON") from error
        if not isinstance(fields, dict):
            raise _bad(path, number, "", "is not a JSON object")
        yield number, None if is_unhashed(fields) else _signal(path, number, fields)


def _bare(
    path: Path, lines: Iterator[str], start: int, algorithm: Algorithm | None
) -> Iterator[Entry]:
    for number, line in enumerate(lines, start):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if _WITH_A_FILE_NAME.match(text):
            raise _bad(path, number, "", "has a name behind its hash; cut -d ' ' -f 1 keeps hashes")
        if number == start and text.lower() in COLUMNS:
            raise _bad(
                path, number, "algorithm", "is missing: a header needs at least algorithm and value"
            )
        name, _, digits = text.rpartition(":")
        kind = _named(path, number, name) if name else algorithm or _by_length(path, number, digits)
        if kind in WRITTEN:
            raise _bad(path, number, "", f"is a {kind.value}; those come as CSV or JSON lines")
        try:
            value, written = checked_value(digits, kind)
        except BadValue as error:
            raise _bad(path, number, error.column, error.message) from error
        yield number, Signal(default_id(path, number), kind, value, text=written)


def default_id(path: Path, number: int) -> str:
    """The id of a signal that has none of its own."""
    return f"{path.name}:{number}"


def _named(path: Path, number: int, name: str) -> Algorithm:
    try:
        return algorithm_of(name.strip().lower())
    except Invalid:
        raise _bad(
            path, number, "algorithm", "before the colon stands no known algorithm"
        ) from None


def _by_length(path: Path, number: int, digits: str) -> Algorithm:
    fitting = [each for each in algorithms() if each.digits == len(digits) and not each.has_text]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise _bad(path, number, "value", f"has {len(digits)} characters; no hash has so many")
    names = " or ".join(each.value for each in fitting)
    raise _bad(path, number, "value", f"can be {names}; say which with --algorithm")


def _signal(path: Path, number: int, fields: Mapping[str, object]) -> Signal:
    try:
        return signal(fields, default_id=default_id(path, number))
    except BadValue as error:
        raise _bad(path, number, error.column, error.message) from error


def _bad(path: Path, number: int, column: str, message: str) -> Invalid:
    where = f"{path}, line {number}" + (f", column {column!r}" if column else "")
    return Invalid(f"{where}: {message}. Nothing was imported.")


def _checked_lines(path: Path, file: TextIO) -> Iterator[str]:
    pieces = iter(lambda: file.readline(LONGEST_LINE + 1), "")
    for number, line in enumerate(pieces, 1):
        for beginning, help_words in _NOT_TEXT if number == 1 else ():
            if line.startswith(beginning):
                raise _bad(path, number, "", help_words)
        if len(line) > LONGEST_LINE:
            raise _bad(path, number, "", f"is longer than {LONGEST_LINE} characters")
        if any("\udc80" <= letter <= "\udcff" for letter in line):
            raise _bad(path, number, "", "is not UTF-8 text")
        yield line


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
