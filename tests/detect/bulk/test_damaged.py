"""A part of a catalogue that is not as it was written is named, whatever has changed in it."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from amparo.core.errors import Invalid
from amparo.core.problems import Problem, ProblemCode
from amparo.detect.bulk.catalogue import Catalogue, DamagedPart
from amparo.detect.bulk.rows import schema
from tests.detect.bulk.catalogues import CHANCE_VALUES, a_catalogue, add, hashes

CUT = Problem(ProblemCode.FILE_VANISHED, "There is no such file any more.")


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """With one part of a few rows."""
    made = a_catalogue(tmp_path)
    objects = [(f"{n}.jpg", hashes(f"{n}.jpg", *CHANCE_VALUES[:n])) for n in range(4)]
    add(made, [*objects, ("gone.jpg", CUT)])
    return made


@pytest.fixture
def older(catalogue: Catalogue, tmp_path: Path) -> Catalogue:
    """The same as an earlier version named it, without a digest."""
    [part] = catalogue.parts()
    catalogue.place.move(part, "parts/000001-00000001-run.parquet")
    return catalogue


def wrong(data: bytes) -> Iterator[bytes]:
    """Cut short, emptied, another file, and with one bit changed here and there."""
    yield b""
    yield bytes(len(data))
    yield data[: len(data) // 2]
    yield data[:-1]
    other = BytesIO()
    pq.write_table(pa.table({"notes": [1]}), other)
    yield other.getvalue()
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    chance = random.Random(3)
    for at in (*range(footer, len(data), 9), *chance.sample(range(footer), 60)):
        changed = bytearray(data)
        changed[at] ^= 1 << chance.randrange(8)
        yield bytes(changed)


Read = Callable[[Catalogue], Any]


def all_of_it(catalogue: Catalogue) -> pa.Table:
    [part] = catalogue.parts()
    return catalogue.table(part, schema().names)


def what_a_scan_asks(catalogue: Catalogue) -> list[tuple[bool, bool]]:
    return catalogue.known().has([])


def test_whatever_has_changed_in_a_part_is_told(catalogue: Catalogue) -> None:
    [part] = catalogue.parts()
    data = catalogue.place.read(part)
    for changed in wrong(data):
        catalogue.place.put(part, changed)
        with pytest.raises(DamagedPart, match="--repair"):
            all_of_it(catalogue)
    catalogue.place.put(part, data)
    assert len(all_of_it(catalogue)) == 5


def known_of(catalogue: Catalogue) -> dict[str, list[int]]:
    known = catalogue.known()
    return {name: getattr(known, name).tolist() for name in ("_keys", "_versions", "_again")}


def test_a_scan_that_reads_a_few_columns_is_not_misled_by_what_has_changed(
    catalogue: Catalogue,
) -> None:
    """A change elsewhere in the part is no matter for it."""
    [part] = catalogue.parts()
    before = known_of(catalogue)
    told = 0
    for changed in wrong(catalogue.place.read(part)):
        catalogue.place.put(part, changed)
        try:
            assert known_of(catalogue) == before
        except DamagedPart:
            told += 1
    assert told > 50


@pytest.mark.parametrize("read", [all_of_it, what_a_scan_asks])
def test_a_part_of_an_earlier_version_is_read_or_named(older: Catalogue, read: Read) -> None:
    """Its name tells nothing of its bytes, so that not all that has changed is noticed."""
    read(older)
    [part] = older.parts()
    told = 0
    for changed in wrong(older.place.read(part)):
        older.place.put(part, changed)
        try:
            read(older)
        except DamagedPart:
            told += 1
    assert told > 50


def test_repair_moves_aside_what_is_damaged_and_nothing_else(catalogue: Catalogue) -> None:
    whole = add(catalogue, [("a", hashes("a"))], generation=2)
    damaged = next(part for part in catalogue.parts() if part != whole)
    catalogue.place.put(damaged, catalogue.place.read(damaged)[:-9])
    assert catalogue.put_aside() == [damaged]
    assert catalogue.parts() == [whole]


def test_a_file_that_is_no_part_is_named_and_left_where_it_is(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    notes = tmp_path / "parts" / "notes.csv"
    notes.write_text("zorvimel")
    for ask in (catalogue.put_aside, catalogue.known, catalogue.next_generation):
        with pytest.raises(Invalid, match=r"parts/notes\.csv in .* move it away"):
            ask()
    assert notes.exists()


def test_a_generation_is_new_whatever_was_put_aside(catalogue: Catalogue, tmp_path: Path) -> None:
    """Also beside what an earlier version put there, which was no part."""
    [part] = catalogue.parts()
    catalogue.place.move(part, part.replace("parts/000001", "damaged/000007"))
    (tmp_path / "damaged" / "notes.csv").write_text("zorvimel")
    assert catalogue.next_generation() == 8


_THREADS = """
import os, sys
import pyarrow.parquet
from amparo.detect.bulk.rows import columns_of
before = len(os.listdir("/proc/self/task"))
with open(sys.argv[1], "rb") as file:
    columns_of(file, ["md5"])
print(len(os.listdir("/proc/self/task")) - before)
"""


def test_no_thread_of_arrows_reads_a_part(catalogue: Catalogue, tmp_path: Path) -> None:
    """One that still has the file where the program ends with an error has it aborted."""
    [part] = catalogue.parts()
    ended = subprocess.run(
        [sys.executable, "-c", _THREADS, str(tmp_path / part)], capture_output=True, text=True
    )
    assert (ended.stdout, ended.stderr) == ("0\n", "")
