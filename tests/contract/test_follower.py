"""A host's index is as the database's lists are, whatever happened to either."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from amparo.core.errors import Unavailable
from amparo.core.ids import OrganisationId
from amparo.db import Database
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.model import ListKind, NewList, Signal, SignalList
from amparo.detect.lists.store import Lists
from amparo.detect.matching.host import Follower, HostIndex
from amparo.detect.matching.host.asked import Asked
from tests.contract.test_lists_store import a_signal, add
from tests.databases import NOW


@pytest.fixture
def a_list(database: Database, organisation: OrganisationId) -> SignalList:
    with database.work() as work:
        return Lists(work).create(NewList("known", ListKind.CONFIRMED), organisation, NOW)


@pytest.fixture
def follower(database: Database, tmp_path: Path) -> Iterator[Follower]:
    with Follower(database, tmp_path / "host") as opened:
        yield opened


def asked(*numbers: int) -> list[Asked]:
    return [Asked(Algorithm.PDQ, bytes.fromhex(f"{number:064x}")) for number in numbers]


def found(index: HostIndex, of: SignalList, *numbers: int) -> set[str]:
    listed = index.look_up(asked(*numbers), of.organisation_id, NOW)
    return {each.signal.signal.id for each in listed if each.distance_bits == 0}


def test_what_is_added_is_found_and_what_is_withdrawn_is_not(
    database: Database, a_list: SignalList, follower: Follower, tmp_path: Path
) -> None:
    follower.step()
    index = HostIndex(tmp_path / "host")
    _, numbers = add(database, a_list, [a_signal(1), a_signal(2)])
    follower.step()
    assert found(index, a_list, 1, 2, 3) == {"s1", "s2"}
    with database.work() as work:
        Lists(work).withdraw(a_list, numbers[:1], actor="test", now=NOW)
    follower.step()
    assert found(index, a_list, 1, 2) == {"s2"}
    assert index.revisions() == {a_list.number: 2}


def test_digests_are_found_where_they_are_equal(
    database: Database, a_list: SignalList, follower: Follower, tmp_path: Path
) -> None:
    add(database, a_list, [Signal("d", Algorithm.MD5, "ab" * 16)])
    follower.step()
    index = HostIndex(tmp_path / "host")
    equal = Asked(Algorithm.MD5, b"\xab" * 16)
    other = Asked(Algorithm.MD5, b"\xac" * 16)
    listed = index.look_up([other, equal], a_list.organisation_id, NOW)
    assert [(each.asked, each.signal.signal.id) for each in listed] == [(1, "d")]


def test_a_signal_that_has_expired_is_not_found(
    database: Database, a_list: SignalList, follower: Follower, tmp_path: Path
) -> None:
    add(database, a_list, [a_signal(1, expires=NOW + timedelta(hours=1))])
    follower.step()
    index = HostIndex(tmp_path / "host")
    later = NOW + timedelta(hours=1)
    assert index.look_up(asked(1), a_list.organisation_id, NOW)
    assert not index.look_up(asked(1), a_list.organisation_id, later)


def test_lists_of_others_are_not_searched(
    database: Database, a_list: SignalList, follower: Follower, tmp_path: Path
) -> None:
    add(database, a_list, [a_signal(1)])
    follower.step()
    index = HostIndex(tmp_path / "host")
    assert not index.look_up(asked(1), OrganisationId(a_list.id), NOW)


def test_a_radius_holds_for_its_list(
    database: Database, a_list: SignalList, follower: Follower, tmp_path: Path
) -> None:
    with database.work() as work:
        narrow = Lists(work).create(NewList("narrow", radius_bits=2), a_list.organisation_id, NOW)
    add(database, a_list, [a_signal(0b111)])
    add(database, narrow, [a_signal(0b111)])
    follower.step()
    index = HostIndex(tmp_path / "host")
    listed = index.look_up(asked(0), a_list.organisation_id, NOW)
    assert [each.known_list.name for each in listed] == ["known"]


@pytest.mark.parametrize("portion", [3, 10_000])
def test_a_host_that_was_away_catches_up(
    database: Database, a_list: SignalList, tmp_path: Path, portion: int
) -> None:
    add(database, a_list, [a_signal(number) for number in range(10)])
    with Follower(database, tmp_path / "host") as first:
        first.step()
    _, numbers = add(database, a_list, [a_signal(number) for number in range(10, 30)])
    with database.work() as work:
        Lists(work).withdraw(a_list, numbers[:5], actor="test", now=NOW)
    add(database, a_list, [a_signal(100)])
    with Follower(database, tmp_path / "host", rows_at_a_time=portion) as second:
        second.step()
    index = HostIndex(tmp_path / "host")
    wanted = {f"s{number}" for number in (*range(10), *range(15, 30), 100)}
    assert found(index, a_list, *range(30), 100) == wanted


def test_a_database_that_went_back_is_followed_from_the_beginning(
    database: Database, a_list: SignalList, tmp_path: Path
) -> None:
    """As after a restored backup: what the host knows beyond it must go."""
    add(database, a_list, [a_signal(1)])
    with Follower(database, tmp_path / "host") as follower:
        follower.step()
    index = HostIndex(tmp_path / "host")
    other = f"sqlite:///{tmp_path}/other.db"
    from amparo.access.keys import create_organisation
    from amparo.db.migrate import upgrade

    with Database(other) as restored:
        upgrade(restored)
        with restored.work() as work:
            organisation = create_organisation(work, "it", NOW)
            fresh = Lists(work).create(NewList("known"), organisation, NOW)
        add(restored, fresh, [a_signal(2)])
        with Follower(restored, tmp_path / "host") as follower:
            follower.step()
    assert not found(index, a_list, 1)
    assert found(index, fresh, 1, 2) == {"s2"}


def test_a_change_is_followed_as_soon_as_it_is_told(
    database: Database, a_list: SignalList, follower: Follower, tmp_path: Path
) -> None:
    stop, followed = threading.Event(), threading.Semaphore(0)
    thread = threading.Thread(target=follower.run, args=(stop, followed.release))
    thread.start()
    try:
        assert followed.acquire(timeout=10)
        index = HostIndex(tmp_path / "host")
        with database.work() as work:
            Lists(work).add(a_list, [a_signal(1)], actor="test", now=NOW)
            database.tell(work)
        while not found(index, a_list, 1):
            assert followed.acquire(timeout=10)
    finally:
        stop.set()
        thread.join()


class FailsOnce:
    """A database of which one reading fails in a way that nobody has foreseen."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.failures = 1

    def __getattr__(self, name: str) -> object:
        if name == "reading" and self.failures:
            self.failures -= 1
            raise ZeroDivisionError
        return getattr(self._database, name)


def test_a_follower_outlives_what_nobody_has_foreseen(
    database: Database, a_list: SignalList, tmp_path: Path
) -> None:
    add(database, a_list, [a_signal(1)])
    failing = FailsOnce(database)
    stop, followed = threading.Event(), threading.Semaphore(0)
    with Follower(failing, tmp_path / "host") as follower:  # type: ignore[arg-type]
        thread = threading.Thread(target=follower.run, args=(stop, followed.release))
        thread.start()
        try:
            assert followed.acquire(timeout=10)
            assert failing.failures == 0
            assert found(HostIndex(tmp_path / "host"), a_list, 1) == {"s1"}
        finally:
            stop.set()
            thread.join()


def test_cards_that_the_disk_does_not_take_are_told_and_can_be_written_later(
    database: Database, a_list: SignalList, tmp_path: Path
) -> None:
    """Another writer holds the file, as a full disk does: nothing of the change is there."""
    with Follower(database, tmp_path / "host") as follower:
        follower.step()
        add(database, a_list, [a_signal(1)])
        with closing(sqlite3.connect(tmp_path / "host" / "cards.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="cards"):
                follower.step()
            other.rollback()
        index = HostIndex(tmp_path / "host")
        assert not found(index, a_list, 1)
        follower.step()
        assert found(index, a_list, 1) == {"s1"}


def test_a_revision_is_said_to_be_searched_when_it_is_and_without_being_asked(
    database: Database, a_list: SignalList, tmp_path: Path
) -> None:
    """So many rows come as a segment, which a reader opens beside its work."""
    with Follower(database, tmp_path / "host", rows_of_a_segment=50) as follower:
        follower.step()
        index = HostIndex(tmp_path / "host")
        for portion in range(1, 4):
            numbers = range(100 * portion, 100 * portion + 60)
            add(database, a_list, [a_signal(number) for number in numbers])
            follower.step()
            while index.revisions()[a_list.number] < portion:
                pass
            assert len(found(index, a_list, *numbers)) == 60
        index.close()
    with Follower(database, tmp_path / "host") as again:
        again.step()
        later = HostIndex(tmp_path / "host")
        assert later.revisions() == {a_list.number: 3}
        later.close()
