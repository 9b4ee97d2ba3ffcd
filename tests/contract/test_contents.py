"""Contents of banks on record: changed by several at once, counted, gone with their list."""

import threading
from datetime import timedelta

import pytest

from amparo.access.model import Actor, Scope
from amparo.app.alter_lists import alter_list, remove_list
from amparo.app.change_contents import ContentChange, add_content, change_content, remove_content
from amparo.app.change_lists import create_list
from amparo.core.clock import SystemClock
from amparo.core.errors import Conflict, NotFound
from amparo.core.ids import OrganisationId
from amparo.db import Database
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.contents import counts, get_content
from amparo.detect.lists.model import NewList, Signal
from amparo.detect.lists.store import Lists

CLOCK = SystemClock()
SIGNALS = (Signal("", Algorithm.PDQ, "0f" * 32), Signal("", Algorithm.MD5, "0f" * 16))


@pytest.fixture
def actor(database: Database, organisation: OrganisationId) -> Actor:
    actor = Actor(organisation, "key:test", frozenset(Scope))
    create_list(database, NewList("known"), actor, CLOCK)
    return actor


def test_two_who_disable_a_content_at_once_leave_it_once(database: Database, actor: Actor) -> None:
    content = add_content(database, "known", SIGNALS, actor, CLOCK)
    now = int(CLOCK.now().timestamp())

    def disable(days: int) -> None:
        for number in range(5):
            until = now + days * 86_400 + number
            change_content(database, "known", content.id, ContentChange(until), actor, CLOCK)

    at_work = [threading.Thread(target=disable, args=(days,)) for days in range(1, 5)]
    for each in at_work:
        each.start()
    for each in at_work:
        each.join()
    with database.reading() as work:
        store = Lists(work)
        of = store.get(actor.organisation_id, "known")
        after = get_content(work, of, content.id)
        assert [each.signal for each in after.signals] == list(SIGNALS)
        assert len({each.not_before for each in after.signals}) == 1
        assert all(each.not_before is not None for each in after.signals)
        assert counts(work, of, of.revision) == {"pdq": 1, "md5": 1}
        assert counts(work, of, 1) == {"pdq": 1, "md5": 1}
        assert counts(work, of, 0) == {}
        # Whoever follows the revisions one by one comes to the same.
        live: set[int] = set()
        for change in store.changes(of, after=0, limit=100):
            gone = set(store.withdrawn(change, after=0, limit=100))
            assert gone <= live
            live = (live - gone) | {each.number for each in store.added(change, after=0, limit=9)}
        assert live == {each.number for each in after.signals}


def test_a_content_that_is_gone_is_not_found(database: Database, actor: Actor) -> None:
    content = add_content(database, "known", SIGNALS, actor, CLOCK)
    until = int((CLOCK.now() + timedelta(days=1)).timestamp())
    changed = change_content(
        database, "known", content.id, ContentChange(until, "a note"), actor, CLOCK
    )
    assert {each.number for each in changed.signals}.isdisjoint(
        each.number for each in content.signals
    )
    for number in (each.number for each in changed.signals):  # which are no contents of their own
        with pytest.raises(NotFound):
            change_content(database, "known", number, ContentChange(0), actor, CLOCK)
    remove_content(database, "known", content.id, actor, CLOCK)
    with pytest.raises(NotFound):
        remove_content(database, "known", content.id, actor, CLOCK)


def test_a_long_list_is_withdrawn_portion_by_portion(database: Database, actor: Actor) -> None:
    with database.work() as work:
        of = Lists(work).get(actor.organisation_id, "known")
        signals = [Signal(f"s{n}", Algorithm.MD5, f"{n:032x}") for n in range(25)]
        Lists(work).add(of, signals, actor="test", now=CLOCK.now())
    remove_list(database, "known", actor, CLOCK, rows_at_a_time=10)
    with database.reading() as work:
        assert Lists(work).all(actor.organisation_id) == ()
        (removed,) = Lists(work).all()
        assert (removed.removed, removed.number, Lists(work).count(removed)) == (True, 1, 0)
        assert len(Lists(work).changes(removed, after=1, limit=10)) == 3
    with pytest.raises(NotFound):
        remove_list(database, "known", actor, CLOCK)
    create_list(database, NewList("known"), actor, CLOCK)
    create_list(database, NewList("other"), actor, CLOCK)
    with pytest.raises(Conflict):
        alter_list(database, "other", actor, CLOCK, new_name="known", share=0.5)
    with database.reading() as work:  # all of it or nothing
        assert Lists(work).get(actor.organisation_id, "other").enabled_share == 1
