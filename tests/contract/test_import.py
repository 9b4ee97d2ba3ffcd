"""Very many signals at once: all or nothing, beside everybody else."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from amparo.core.clock import SystemClock
from amparo.core.errors import Conflict, Invalid
from amparo.core.ids import OrganisationId
from amparo.db import Database
from amparo.detect.lists.bulk_import import ALIVE, ROWS_AT_A_TIME, import_signals
from amparo.detect.lists.model import ListKind, NewList, Signal, SignalList
from amparo.detect.lists.store import Lists
from tests.contract.test_lists_store import a_signal, add, live
from tests.databases import NOW

CLOCK = SystemClock()


class Broken(Exception):
    """What ends an import in a test."""


@pytest.fixture
def a_list(database: Database, organisation: OrganisationId) -> SignalList:
    with database.work() as work:
        return Lists(work).create(NewList("known"), organisation, NOW)


def again(database: Database, of: SignalList) -> SignalList:
    with database.reading() as work:
        return Lists(work).get(of.organisation_id, of.name)


def test_signals_without_a_reason_are_not_imported_into_a_negative_list(
    database: Database, organisation: OrganisationId
) -> None:
    with database.work() as work:
        harmless = Lists(work).create(NewList("harmless", ListKind.NEGATIVE), organisation, NOW)
    with pytest.raises(Invalid, match="note"):
        import_signals(
            database, harmless, [a_signal(number) for number in range(3)], actor="t", clock=CLOCK
        )
    assert values(database, harmless) == {}
    assert again(database, harmless).revision == 0


def values(database: Database, of: SignalList) -> dict[int, str]:
    with database.reading() as work:
        found = Lists(work).live(of, after=0, limit=10**6)
    return {int(each.signal.value, 16): each.signal.note for each in found}


def test_all_of_it_is_there_as_one_revision(database: Database, a_list: SignalList) -> None:
    many = 2 * ROWS_AT_A_TIME + 7
    signals = [a_signal(number) for number in range(many)]
    result = import_signals(database, a_list, signals, actor="t", clock=CLOCK)
    assert (result.revision, result.added) == (1, many)
    assert values(database, a_list).keys() == set(range(many))


def test_a_signal_comes_back_as_it_was_imported(database: Database, a_list: SignalList) -> None:
    given = a_signal(
        7, quality=80, source="a hotline", labels=("x", "ü"), classification="A1",
        confidence=0.25, expires=datetime(2030, 1, 2, 3, 4, 5, 678, UTC), enabled_share=0.5,
        note="a\nnote\t\\N",
    )  # fmt: skip
    import_signals(database, a_list, [given, a_signal(8)], actor="t", clock=CLOCK)
    assert [each.signal for each in live(database, a_list)] == [given, a_signal(8)]


def test_nothing_is_there_where_the_last_line_is_wrong(
    database: Database, a_list: SignalList
) -> None:
    add(database, a_list, [a_signal(1, note="before")])

    def signals() -> Iterator[Signal]:
        yield from (a_signal(number) for number in range(ROWS_AT_A_TIME + 5))
        raise Broken

    with pytest.raises(Broken):
        import_signals(database, again(database, a_list), signals(), actor="t", clock=CLOCK)
    assert values(database, a_list) == {1: "before"}
    assert again(database, a_list).revision == 1


def test_nobody_sees_half_of_it(database: Database, a_list: SignalList) -> None:
    seen = []

    def signals() -> Iterator[Signal]:
        for number in range(2 * ROWS_AT_A_TIME):
            yield a_signal(number)
            if number % ROWS_AT_A_TIME == ROWS_AT_A_TIME - 1:
                seen.append(len(live(database, a_list)))

    import_signals(database, a_list, signals(), actor="t", clock=CLOCK)
    assert seen == [0, 0]


def test_what_it_says_replaces_what_was_said_and_the_same_is_left_alone(
    database: Database, a_list: SignalList
) -> None:
    add(database, a_list, [a_signal(1, note="old"), a_signal(2, expires=NOW), a_signal(3)])
    result = import_signals(
        database, again(database, a_list),
        [a_signal(1, note="new"), a_signal(2, expires=NOW), a_signal(4), a_signal(4, note="x")],
        actor="t", clock=CLOCK,
    )  # fmt: skip
    assert (result.added, result.replaced, result.unchanged) == (1, 1, 1)
    assert values(database, a_list) == {1: "new", 2: "", 3: "", 4: ""}


def test_importing_the_same_again_is_no_change(database: Database, a_list: SignalList) -> None:
    signals = [a_signal(number) for number in range(10)]
    import_signals(database, a_list, signals, actor="t", clock=CLOCK)
    result = import_signals(database, again(database, a_list), signals, actor="t", clock=CLOCK)
    assert (result.revision, result.unchanged) == (1, 10)


def test_only_these_withdraws_all_others(database: Database, a_list: SignalList) -> None:
    many = ROWS_AT_A_TIME + 10
    import_signals(
        database, a_list, (a_signal(n) for n in range(many)), actor="t", clock=CLOCK
    )  # fmt: skip
    kept = [a_signal(0), a_signal(5, note="new"), a_signal(many)]
    result = import_signals(
        database, again(database, a_list), kept, actor="t", clock=CLOCK, only_these=True
    )
    assert (result.withdrawn, result.revision) == (many - 2, 2)
    assert values(database, a_list) == {0: "", 5: "new", many: ""}


def test_of_what_others_add_meanwhile_each_hash_is_there_once(
    database: Database, a_list: SignalList
) -> None:
    def signals() -> Iterator[Signal]:
        yield from (a_signal(number, note="import") for number in range(ROWS_AT_A_TIME))
        add(database, a_list, [a_signal(1, note="other"), a_signal(-1 % 2**256, note="other")])
        yield a_signal(ROWS_AT_A_TIME, note="import")

    import_signals(database, a_list, signals(), actor="t", clock=CLOCK)
    found = values(database, a_list)
    assert found[1] == "import"
    assert len(found) == ROWS_AT_A_TIME + 2


def test_two_imports_into_a_list_do_not_mix(database: Database, a_list: SignalList) -> None:
    begun, end = threading.Event(), threading.Event()

    def slow() -> Iterator[Signal]:
        yield from (a_signal(number) for number in range(ROWS_AT_A_TIME))
        begun.set()
        assert end.wait(30)

    first = threading.Thread(
        target=import_signals, args=(database, a_list, slow()),
        kwargs={"actor": "t", "clock": CLOCK},
    )  # fmt: skip
    first.start()
    assert begun.wait(30)
    with pytest.raises(Conflict, match="at work"):
        import_signals(database, a_list, [a_signal(1)], actor="t", clock=CLOCK)
    end.set()
    first.join()
    assert len(values(database, a_list)) == ROWS_AT_A_TIME


class Later:
    """A clock that is ahead."""

    def now(self) -> datetime:
        return SystemClock().now() + 2 * ALIVE + timedelta(seconds=1)


class Dying:
    """A database that is gone from a moment on, as it is for a process that was killed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.dead = False

    def __getattr__(self, name: str) -> object:
        if self.dead:
            raise Broken
        return getattr(self._database, name)


def test_what_a_killed_import_left_is_removed_by_the_next(
    database: Database, a_list: SignalList
) -> None:
    add(database, a_list, [a_signal(1, note="before")])
    listed = again(database, a_list)
    dying = Dying(database)

    def killed() -> Iterator[Signal]:
        yield from (a_signal(number) for number in range(ROWS_AT_A_TIME))
        dying.dead = True
        yield a_signal(-1 % 2**256)

    with pytest.raises(Broken):
        import_signals(dying, listed, killed(), actor="t", clock=CLOCK)  # type: ignore[arg-type]
    with database.reading() as work:
        assert work.execute(text("SELECT count(*) FROM signals")).scalar_one() > ROWS_AT_A_TIME
    assert values(database, a_list) == {1: "before"}
    import_signals(database, listed, [a_signal(2)], actor="t", clock=Later())
    assert values(database, a_list) == {1: "before", 2: ""}
    with database.reading() as work:
        assert work.execute(text("SELECT count(*) FROM signals")).scalar_one() == 2
