"""Lists on record: what is added is there, what is withdrawn is gone, and no revision is missed."""

import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import event, text

from amparo.core.errors import Conflict, NotFound
from amparo.core.ids import OrganisationId
from amparo.db import Database
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.model import Change, ListKind, NewList, Signal, SignalList, StoredSignal
from amparo.detect.lists.store import Lists
from tests.databases import NOW


def a_signal(number: int, **others: object) -> Signal:
    return Signal(f"s{number}", Algorithm.PDQ, f"{number:064x}", **others)


@pytest.fixture
def a_list(database: Database, organisation: OrganisationId) -> SignalList:
    with database.work() as work:
        return Lists(work).create(NewList("known", ListKind.CONFIRMED), organisation, NOW)


def add(database: Database, to: SignalList, signals: Sequence[Signal]) -> tuple[Change, list[int]]:
    with database.work() as work:
        change, numbers = Lists(work).add(to, signals, actor="test", now=NOW)
    return change, list(numbers)


def live(database: Database, of: SignalList) -> list[StoredSignal]:
    with database.reading() as work:
        return list(Lists(work).live(of, after=0, limit=1000))


def test_a_signal_comes_back_as_it_was_given(database: Database, a_list: SignalList) -> None:
    given = a_signal(
        7, quality=80, source="a hotline", labels=("x", "ü"), classification="A1",
        confidence=0.25, expires=NOW, enabled_share=0.5, note="a\nnote",
    )  # fmt: skip
    add(database, a_list, [given])
    assert [each.signal for each in live(database, a_list)] == [given]


def test_a_list_comes_back_as_it_was_made(
    database: Database, a_list: SignalList, organisation: OrganisationId
) -> None:
    with database.reading() as work:
        store = Lists(work)
        assert store.get(organisation, "known") == a_list
        assert store.all(organisation) == (a_list,)
        with pytest.raises(NotFound):
            store.get(OrganisationId(a_list.id), "known")


def test_a_name_is_taken_once(database: Database, a_list: SignalList) -> None:
    with pytest.raises(Conflict), database.work() as work:
        Lists(work).create(NewList("known"), a_list.organisation_id, NOW)


def test_what_was_withdrawn_is_gone_and_is_told(database: Database, a_list: SignalList) -> None:
    _, numbers = add(database, a_list, [a_signal(1), a_signal(2)])
    with database.work() as work:
        Lists(work).withdraw(a_list, numbers[:1], actor="test", now=NOW)
    assert [each.number for each in live(database, a_list)] == numbers[1:]
    with database.reading() as work:
        store = Lists(work)
        first, second = store.changes(a_list, after=0, limit=10)
        assert [each.number for each in store.added(first, after=0, limit=10)] == numbers
        assert list(store.withdrawn(second, after=0, limit=10)) == numbers[:1]
        assert (first.revision, second.revision) == (1, 2)


def test_a_hash_that_is_added_again_replaces_what_was_said_of_it(
    database: Database, a_list: SignalList
) -> None:
    add(database, a_list, [a_signal(1, note="before"), a_signal(2)])
    add(database, a_list, [a_signal(1, note="after")])
    assert {each.signal.note for each in live(database, a_list)} == {"", "after"}


def test_withdrawing_what_is_not_there_changes_nothing(
    database: Database, a_list: SignalList
) -> None:
    _, numbers = add(database, a_list, [a_signal(1)])
    with pytest.raises(NotFound), database.work() as work:
        Lists(work).withdraw(a_list, [*numbers, 999], actor="test", now=NOW)
    assert len(live(database, a_list)) == 1
    assert add(database, a_list, [a_signal(3)])[0].revision == 2


def test_readers_miss_no_revision_whatever_writers_do(
    database: Database, a_list: SignalList
) -> None:
    """Eight writers, four readers that each ask for what came after the last they saw."""
    each = 25
    done = threading.Event()
    seen: list[list[int]] = [[] for _ in range(4)]

    def write(writer: int) -> None:
        for number in range(each):
            add(database, a_list, [a_signal(writer * 1000 + number)])

    def read(into: list[int]) -> None:
        while True:
            ending = done.is_set()
            with database.reading() as work:
                changes = Lists(work).changes(a_list, after=max(into, default=0), limit=7)
            into += [change.revision for change in changes]
            if ending and not changes:
                return

    readers = [threading.Thread(target=read, args=(into,)) for into in seen]
    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert seen == [list(range(1, 8 * each + 1))] * 4
    assert len(live(database, a_list)) == 8 * each


def test_a_page_of_a_long_list_is_read_without_sorting_the_rest(
    database: Database, organisation: OrganisationId
) -> None:
    with database.work() as work:
        known = Lists(work).create(NewList("known"), organisation, NOW)
    add(database, known, [a_signal(number) for number in range(3000)])
    asked: list[tuple[str, object]] = []
    with database.work() as work:
        if work.dialect.name == "postgresql":
            work.execute(text("ANALYZE"))
        event.listen(
            work, "before_cursor_execute",
            lambda _, __, statement, values, *___: asked.append((statement, values)),
        )  # fmt: skip
        assert len(Lists(work).live(known, after=0, limit=10)) == 10
        (statement, values), *_ = asked
        explain = "EXPLAIN" if work.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = repr(work.exec_driver_sql(f"{explain} {statement}", values).all())
    assert "pk_signals" in plan or "INTEGER PRIMARY KEY" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
