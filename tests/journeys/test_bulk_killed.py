"""A bulk scan that is killed goes on where it was: no row twice, nothing finished read again."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from amparo.testing.hostile import encoded, photograph_like
from tests.conftest import Run
from tests.stores import Store, rows_of

pytestmark = pytest.mark.slow

OBJECTS = 24
PICTURES = [encoded(photograph_like(96, 80, seed=seed), "JPEG") for seed in range(OBJECTS)]
OPTIONS = ("--part", "2", "--processes", "1")
SOURCE = "s3://archive/2019"


@pytest.fixture
def archive(store: Store) -> Store:
    for number, picture in enumerate(PICTURES):
        store.put(f"2019/{number:02}.jpg", picture)
    return store


def parts(catalogue: Path) -> list[Path]:
    return sorted((catalogue / "parts").glob("*.parquet"))


def wait_until(happened: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while not happened():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)


@contextmanager
def scanning(catalogue: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A scan under way, in a group of processes of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "amparo", "bulk", "scan", SOURCE, "--to", catalogue, *OPTIONS,
         *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as started:  # fmt: skip
        yield started
        started.kill()


@pytest.mark.parametrize(
    ("after", "whole_group"),
    [
        (1, False),
        (4, True),
        pytest.param(0, False, marks=pytest.mark.slow),
        pytest.param(9, False, marks=pytest.mark.slow),
    ],
)
def test_a_killed_scan_goes_on_where_it_was(
    after: int, whole_group: bool, archive: Store, amparo: Run, tmp_path: Path
) -> None:
    catalogue = tmp_path / "catalogue"
    with scanning(str(catalogue), "--rate-limit", "20/s") as scan:
        begun = (catalogue / "scan.lock").exists if after == 0 else lambda: len(
            parts(catalogue)
        ) >= after  # fmt: skip
        wait_until(begun, scan)
        if whole_group:
            os.killpg(scan.pid, signal.SIGKILL)
        else:
            scan.kill()
        scan.wait()
    # The next one waits until the killed one's workers are gone; what they finished counts too.
    ended = amparo("bulk", "scan", SOURCE, "--to", str(catalogue), *OPTIONS)
    assert ended.status == 0, ended.err
    rows = rows_of(catalogue)
    assert Counter(row["key"] for row in rows) == {f"{n:02}.jpg": 1 for n in range(OBJECTS)}
    first = {row["key"] for part in parts(catalogue) if part.name.startswith("000001-")
             for row in rows_of_part(part)}  # fmt: skip
    if after:
        assert len(first) >= 2 * after
        assert len(first) < OBJECTS
        assert all(archive.gets[f"2019/{key}"] == 1 for key in first)
    told = [json.loads(line) for line in ended.out.splitlines()]
    assert told[1]["objects"] == (len(first) if after else told[1]["objects"])


def rows_of_part(part: Path) -> list[dict[str, object]]:
    import pyarrow.parquet as pq

    rows: list[dict[str, object]] = pq.read_table(part).to_pylist()
    return rows


def test_what_a_killed_scan_was_writing_is_passed_over(
    archive: Store, amparo: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "catalogue" / "parts"
    folder.mkdir(parents=True)
    (folder / ".unfinished-0123456789abcdef").write_bytes(b"PAR1 and no more")
    ended = amparo("bulk", "scan", SOURCE, "--to", str(tmp_path / "catalogue"), *OPTIONS)
    assert ended.status == 0, ended.err
    assert len(rows_of(tmp_path / "catalogue")) == OBJECTS


def test_a_killed_scan_into_a_store_is_gone_on_with_at_once(archive: Store, amparo: Run) -> None:
    catalogue = "s3://catalogues/one"
    client = archive.client()

    def written() -> int:
        listed = client.list_objects_v2(Bucket="catalogues", Prefix="one/parts/")
        return len(listed.get("Contents", ()))

    with scanning(catalogue, "--rate-limit", "20/s") as scan:
        wait_until(lambda: written() >= 3, scan)
        scan.kill()
        scan.wait()
    ended = amparo("bulk", "scan", SOURCE, "--to", catalogue, *OPTIONS)
    assert ended.status == 0, ended.err
    told = [json.loads(line)["objects"] for line in ended.out.splitlines()]
    assert sum(told) == OBJECTS
    assert told[1] >= 6
    again = amparo("bulk", "scan", SOURCE, "--to", catalogue, *OPTIONS)
    assert json.loads(again.out.splitlines()[1])["objects"] == OBJECTS
    assert written() == OBJECTS // 2


@pytest.mark.parametrize("catalogue", ["folder", "s3://catalogues/one"])
def test_two_scans_at_once_are_refused(
    catalogue: str, archive: Store, amparo: Run, tmp_path: Path
) -> None:
    where = str(tmp_path / catalogue) if "://" not in catalogue else catalogue
    with scanning(where, "--rate-limit", "5/s") as scan:
        wait_until(lambda: archive.gets.total() > 0, scan)
        ended = amparo("bulk", "scan", SOURCE, "--to", where)
        assert ended.status == 2
        assert "A scan is at work in" in ended.err


def test_a_lock_that_somebody_else_left_is_no_hindrance(
    archive: Store, amparo: Run, tmp_path: Path
) -> None:
    catalogue = tmp_path / "catalogue"
    catalogue.mkdir()
    (catalogue / "scan.lock").write_text("of a run long ago")
    assert amparo("bulk", "scan", SOURCE, "--to", str(catalogue)).status == 0
    with (catalogue / "scan.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
