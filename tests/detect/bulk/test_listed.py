"""A look-back that meets a scan leaves no part out for good."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from amparo.core.clock import SystemClock
from amparo.detect.bulk.catalogue import Catalogue
from amparo.detect.bulk.lock import one_of_its_workers, one_scan
from amparo.detect.bulk.lookback import listed
from amparo.detect.bulk.place import FolderPlace
from tests.detect.bulk.catalogues import CHANCE_VALUES, a_catalogue, add, hashes


class Slow(FolderPlace):
    """A folder whose listings take so long that something happens before they are told."""

    def __init__(self, folder: Path, *happens: Callable[[], None]) -> None:
        super().__init__(folder)
        self._happens = list(happens)

    def files(self, folder: str) -> Iterator[tuple[str, int]]:
        seen = list(super().files(folder))
        if self._happens:
            self._happens.pop(0)()
        return iter(seen)


class Scan:
    """A scan of a catalogue, step by step."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._at_work = ExitStack()
        self._parts = 0

    def begin(self) -> None:
        self._at_work.enter_context(one_scan(self._catalogue.place, "run", SystemClock()))

    def add(self) -> None:
        self._parts += 1
        key = f"{self._parts}.jpg"
        add(self._catalogue, [(key, hashes(key, CHANCE_VALUES[0]))], generation=2,
            number=self._parts)  # fmt: skip

    def end(self) -> None:
        self._at_work.close()

    def all_of_it(self) -> None:
        self.begin()
        self.add()
        self.end()

    def rest(self) -> None:
        self.add()
        self.end()

    def first(self) -> None:
        self.begin()
        self.add()


def nothing() -> None:
    """Happens."""


Steps = Callable[[Scan], list[Callable[[], None]]]


@pytest.mark.parametrize(
    ("begun", "steps"),
    [
        (True, lambda scan: [scan.rest]),
        (True, lambda scan: [nothing, scan.rest]),
        (False, lambda scan: [scan.all_of_it]),
        (False, lambda scan: [scan.first, scan.rest]),
        (False, lambda scan: [nothing, scan.all_of_it]),
        (False, lambda scan: [nothing, scan.first]),
    ],
)
def test_no_generation_of_which_a_part_was_not_listed_is_closed(
    begun: bool, steps: Steps, tmp_path: Path
) -> None:
    catalogue = a_catalogue(tmp_path)
    add(catalogue, [("0.jpg", hashes("0.jpg", CHANCE_VALUES[0]))])
    scan = Scan(catalogue)
    if begun:
        scan.first()
    sizes, closed = listed(Catalogue(Slow(tmp_path, *steps(scan)), catalogue.id))
    missing = set(catalogue.parts()) - set(sizes)
    assert not missing or closed < 2
    scan.end()
    assert listed(catalogue)[1] == 2


def test_a_generation_whose_workers_outlive_their_scan_is_open(tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path)
    add(catalogue, [("0.jpg", hashes("0.jpg", CHANCE_VALUES[0]))])
    Scan(catalogue).all_of_it()
    with one_of_its_workers(catalogue.place, "run"):
        assert listed(catalogue)[1] == 1
    assert listed(catalogue)[1] == 2


def test_a_folder_that_is_read_only_can_be_listed(tmp_path: Path) -> None:
    """Nothing is made in it: neither a lock nor anything else."""
    catalogue = a_catalogue(tmp_path)
    add(catalogue, [("0.jpg", hashes("0.jpg", CHANCE_VALUES[0]))])
    before = sorted(tmp_path.rglob("*"))
    assert listed(catalogue)[1] == 1
    assert sorted(tmp_path.rglob("*")) == before
