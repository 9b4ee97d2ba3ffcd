"""What is proposed for a negative list is seen by nobody until somebody else confirms it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from amparo.core.errors import NotFound
from amparo.core.ids import OrganisationId, new_id
from amparo.db import Database
from amparo.detect.lists.bulk_import import import_signals
from amparo.detect.lists.model import Change, ListKind, NewList, Signal, SignalList
from amparo.detect.lists.proposals import confirm, proposals, propose, proposed, refuse
from amparo.detect.lists.store import Lists
from tests.contract.test_import import CLOCK, values
from tests.contract.test_lists_store import a_signal
from tests.databases import NOW


@pytest.fixture
def harmless(database: Database, organisation: OrganisationId) -> SignalList:
    with database.work() as work:
        return Lists(work).create(NewList("harmless", ListKind.NEGATIVE), organisation, NOW)


def entry(number: int, note: str = "ours") -> Signal:
    return replace(a_signal(number), note=note, expires=NOW + timedelta(days=400))


def put(database: Database, to: SignalList, *signals: Signal) -> int:
    with database.work() as work:
        return propose(work, to, signals, actor="one", now=NOW)[0]


def confirmed(database: Database, of: SignalList, number: int, actor: str = "other") -> Change:
    with database.work() as work:
        return confirm(work, of, number, actor=actor)


def test_nobody_sees_it_until_somebody_else_confirms_it(
    database: Database, harmless: SignalList
) -> None:
    number = put(database, harmless, entry(1), entry(2))
    assert values(database, harmless) == {}
    with database.reading() as work:
        (waiting,) = proposals(work, harmless.organisation_id)
        held = proposed(work, harmless, number, after=0, limit=10)
        assert proposals(work, OrganisationId(new_id())) == ()
        assert Lists(work).changes(harmless, after=0, limit=10) == ()
    assert (waiting.number, waiting.proposed_by, waiting.signals) == (number, "one", 2)
    assert [each.signal for each in held] == [entry(1), entry(2)]
    assert confirmed(database, harmless, number).revision == 1
    assert len(values(database, harmless)) == 2
    with pytest.raises(NotFound):
        confirmed(database, harmless, number)
    with database.reading() as work:
        assert proposals(work, harmless.organisation_id) == ()
        (change,) = Lists(work).changes(harmless, after=0, limit=10)
        assert len(Lists(work).added(change, after=0, limit=10)) == 2


def test_what_it_says_of_a_hash_replaces_what_was_said_before(
    database: Database, harmless: SignalList
) -> None:
    first, second = put(database, harmless, entry(1, "a")), put(database, harmless, entry(1, "b"))
    confirmed(database, harmless, second)
    with database.reading() as work:
        (was,) = Lists(work).live(harmless, after=0, limit=10)
    change = confirmed(database, harmless, first)
    with database.reading() as work:
        (now,) = Lists(work).live(harmless, after=0, limit=10)
        assert Lists(work).withdrawn(change, after=0, limit=10) == (was.number,)
    assert (was.signal.note, now.signal.note) == ("b", "a")


def test_what_is_refused_is_gone(database: Database, harmless: SignalList) -> None:
    number = put(database, harmless, entry(1))
    with database.work() as work:
        refuse(work, harmless, number)
    with database.reading() as work:
        assert work.exec_driver_sql("SELECT count(*) FROM signals").scalar() == 0
    with pytest.raises(NotFound):
        confirmed(database, harmless, number)


def test_a_proposal_of_another_list_is_not_there(
    database: Database, harmless: SignalList, organisation: OrganisationId
) -> None:
    with database.work() as work:
        other = Lists(work).create(NewList("other", ListKind.NEGATIVE), organisation, NOW)
    number = put(database, harmless, entry(1))
    with pytest.raises(NotFound):
        confirmed(database, other, number)
    with database.work() as work, pytest.raises(NotFound):
        refuse(work, other, number)


def test_an_import_waits_too_and_outlives_the_next(
    database: Database, harmless: SignalList
) -> None:
    first = import_signals(database, harmless, [entry(1)], actor="one", clock=CLOCK)
    second = import_signals(database, harmless, [entry(2)], actor="one", clock=CLOCK)
    assert (first.revision, values(database, harmless)) == (0, {})
    assert first.proposal is not None
    assert second.proposal is not None
    confirmed(database, harmless, first.proposal)
    confirmed(database, harmless, second.proposal)
    assert len(values(database, harmless)) == 2


def test_an_import_that_was_confirmed_later_replaces_what_came_between(
    database: Database, harmless: SignalList
) -> None:
    waiting = import_signals(database, harmless, [entry(1, "a")], actor="one", clock=CLOCK)
    confirmed(database, harmless, put(database, harmless, entry(1, "b")))
    assert waiting.proposal is not None
    confirmed(database, harmless, waiting.proposal)
    with database.reading() as work:
        (now,) = Lists(work).live(harmless, after=0, limit=10)
    assert now.signal.note == "a"
