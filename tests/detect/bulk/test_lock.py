"""One scan at a time: a lease is renewed, refused, or taken over from an owner that is gone."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from amparo.core.errors import Conflict
from amparo.detect.bulk.lock import is_scanned, one_of_its_workers, one_scan
from amparo.detect.bulk.place import FolderPlace, Place, StorePlace
from tests.databases import NOW
from tests.stores import Store


class Stopped:
    """A clock that says what it is told."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


@pytest.fixture(params=["folder", "store"])
def place(request: pytest.FixtureRequest, tmp_path: Path, store: Store) -> Place:
    if request.param == "folder":
        tmp_path.joinpath("catalogue").mkdir()
        return FolderPlace(tmp_path / "catalogue")
    return StorePlace("s3://catalogues/one")


def test_a_second_scan_is_refused_until_the_first_has_ended(place: Place) -> None:
    clock = Stopped()
    with one_scan(place, "first", clock):
        assert is_scanned(place)
        with pytest.raises(Conflict, match="A scan is at work in"), one_scan(place, "next", clock):
            pass
    assert not is_scanned(place)
    with one_scan(place, "next", clock) as check:
        check()


def test_a_worker_of_another_run_adds_nothing(place: Place) -> None:
    with one_scan(place, "first", Stopped()):
        with one_of_its_workers(place, "first") as check:
            check()
        with one_of_its_workers(place, "before") as check, pytest.raises(Conflict):
            check()


def left(place: StorePlace, clock: Stopped, **others: object) -> None:
    """A lease that somebody left, who is on another machine unless told otherwise."""
    with one_scan(place, "gone", clock):
        lease = json.loads(place.read("scan.lock"))
    place.put("scan.lock", json.dumps(lease | {"host": "elsewhere"} | others).encode())


def test_a_lease_of_another_machine_holds_for_a_minute(store: Store) -> None:
    place, clock = StorePlace("s3://catalogues/one"), Stopped()
    left(place, clock)
    with pytest.raises(Conflict), one_scan(place, "next", clock):
        pass
    clock.time += timedelta(seconds=61)
    with one_scan(place, "next", clock):
        assert json.loads(place.read("scan.lock"))["run"] == "next"


def test_a_lease_of_a_process_of_this_machine_that_is_gone_holds_no_longer(store: Store) -> None:
    import socket

    place, clock = StorePlace("s3://catalogues/one"), Stopped()
    left(place, clock, host=socket.gethostname(), started="1")
    with one_scan(place, "next", clock):
        assert is_scanned(place)


def test_workers_that_outlive_their_scan_are_at_work_still(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path)
    with one_scan(place, "killed", Stopped()):
        pass
    with one_of_its_workers(place, "killed"):
        assert is_scanned(place)
    assert not is_scanned(place)


def test_a_lease_that_was_not_given_back_may_have_workers_still(store: Store) -> None:
    place, clock = StorePlace("s3://catalogues/one"), Stopped()
    left(place, clock, until=(NOW - timedelta(days=1)).isoformat())
    assert is_scanned(place)
    with one_scan(place, "next", clock):
        pass
    assert not is_scanned(place)
