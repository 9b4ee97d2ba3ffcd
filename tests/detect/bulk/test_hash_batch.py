"""A batch of long videos becomes several parts, and none of them is ever large in memory."""

import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from amparo.core.clock import SystemClock
from amparo.core.errors import Conflict, Unavailable
from amparo.core.problems import Problem
from amparo.detect.bulk.catalogue import Catalogue
from amparo.detect.bulk.hash_batch import HASHES_A_PART, Opened, Scanner, read_ahead
from amparo.detect.bulk.model import Batch, Item, Report
from amparo.detect.bulk.pace import NO_LIMIT, Pace
from amparo.detect.bulk.parts import PartName
from amparo.detect.hashing.model import MediaHashes
from tests.databases import NOW
from tests.detect.bulk.catalogues import a_catalogue, hashes

FRAMES = 12_500
"""Of each video, with two variants: two videos fill a part."""


class Videos:
    """An archive of long videos, which are hashed without being decoded."""

    id = "s3://archive"

    def __init__(self, ends_after: int = 10**6) -> None:
        self._left = ends_after

    def items(self) -> Iterator[Item]:
        return iter(())

    def read(self, item: Item) -> bytes | Problem:
        return item.key.encode()

    def digests(self, item: Item, max_bytes: int) -> MediaHashes | Problem:
        raise NotImplementedError

    def hash_all(self, opened: Iterable[Opened]) -> Iterator[MediaHashes | Problem]:
        for each in opened:
            if not self._left:
                raise Unavailable("The sandbox cannot run.")
            self._left -= 1
            assert isinstance(each, bytes)
            chance = np.random.default_rng(len(each))
            yield hashes(each.decode(), *(chance.bytes(32) for _ in range(FRAMES)))


def no_other() -> None:
    """The catalogue is still this run's."""


class TakenOver:
    """The catalogue is another run's after so many parts."""

    def __init__(self, after: int) -> None:
        self._left = after

    def __call__(self) -> None:
        if not self._left:
            raise Conflict("Another scan has taken the catalogue over.")
        self._left -= 1


def scanner(catalogue: Catalogue, videos: Videos, check: TakenOver | None = None) -> Scanner:
    return Scanner(
        source=videos, catalogue=catalogue, hash_all=videos.hash_all, pace=Pace(NO_LIMIT),
        clock=SystemClock(), check=check or no_other, max_file_bytes=1000,
    )  # fmt: skip


def batch(videos: int) -> bytes:
    items = tuple(Item(f"{number}.mp4", 10, "e", NOW) for number in range(videos))
    return Batch(str(PartName(1, 1, "run")), items).as_bytes()


def keys(catalogue: Catalogue) -> list[list[str]]:
    return sorted(
        table.column("key").to_pylist() for _, table in catalogue.tables(catalogue.parts(), ["key"])
    )


def test_a_batch_of_many_hashes_becomes_several_parts(tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path)
    report = Report.of(scanner(catalogue, Videos()).scan(batch(5)))
    assert (report.objects, report.size_bytes, report.stopped) == (5, 50, "")
    assert keys(catalogue) == [["0.mp4", "1.mp4"], ["2.mp4", "3.mp4"], ["4.mp4"]]


def test_what_was_hashed_before_an_error_is_kept(tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path)
    report = Report.of(scanner(catalogue, Videos(ends_after=3)).scan(batch(5)))
    assert (report.objects, "sandbox" in report.stopped) == (3, True)
    assert keys(catalogue) == [["0.mp4", "1.mp4"], ["2.mp4"]]


def test_what_is_counted_is_what_was_added(tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path)
    report = Report.of(scanner(catalogue, Videos(), TakenOver(after=1)).scan(batch(5)))
    assert (report.objects, "Another scan" in report.stopped) == (2, True)
    assert keys(catalogue) == [["0.mp4", "1.mp4"]]


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_the_memory_of_a_batch_does_not_grow_with_its_videos(traced: None, tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path)
    scanner(catalogue, Videos()).scan(batch(2))
    _, few = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    scanner(catalogue, Videos()).scan(batch(8))
    _, many = tracemalloc.get_traced_memory()
    assert few > 50 * HASHES_A_PART
    assert many < 1.3 * few


def test_what_is_read_ahead_is_bounded_in_bytes_and_comes_in_order() -> None:
    items = [Item(f"{number}.jpg", 100, "e", NOW) for number in range(9)]
    items.insert(4, Item("large.jpg", 1000, "e", NOW))
    begun: list[str] = []

    def read(one: Item) -> bytes:
        begun.append(one.key)
        return one.key.encode()

    coming = read_ahead(items, read, readers=8, most_bytes=300)
    sizes = {one.key: one.size_bytes for one in items}
    told = []
    for opened in coming:
        # Beside what was just handed over, a single one may be larger.
        ahead = [key for key in begun if key.encode() not in (*told, opened)]
        assert len(ahead) == 1 or sum(sizes[key] for key in ahead) <= 300
        told.append(opened)
    assert told == [one.key.encode() for one in items]
