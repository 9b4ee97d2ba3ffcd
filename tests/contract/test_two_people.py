"""Two people are two who have signed in: what a key or a shell proposed takes both of them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from amparo.access.audit.tables import EntryRow
from amparo.access.model import Actor, Scope
from amparo.app.change_lists import add_signals, confirm_proposal, create_list
from amparo.core.clock import SystemClock
from amparo.core.errors import Denied
from amparo.core.ids import OrganisationId
from amparo.db import Database
from amparo.detect.lists.model import ListKind, NewList
from tests.contract.test_lists_store import a_signal
from tests.databases import NOW

CLOCK = SystemClock()
ANA, BEN, SHELL, KEY = "person:ana", "person:ben", "operator:root", "key:1"


@pytest.fixture
def ana(organisation: OrganisationId) -> Actor:
    return Actor(organisation, ANA, frozenset(Scope))


def proposed(database: Database, ana: Actor, by: str) -> int:
    create_list(database, NewList("harmless", ListKind.NEGATIVE), ana, CLOCK)
    entry = replace(a_signal(1), note="ours", expires=NOW + timedelta(days=400))
    number = add_signals(database, "harmless", [entry], replace(ana, name=by), CLOCK).proposal
    assert number is not None
    return number


def confirmed(database: Database, ana: Actor, number: int, by: str) -> int | None:
    """The revision; None where it still waits."""
    change = confirm_proposal(database, "harmless", number, replace(ana, name=by), CLOCK)
    return None if change is None else change.revision


def test_of_two_people_one_proposes_and_the_other_confirms(database: Database, ana: Actor) -> None:
    number = proposed(database, ana, ANA)
    for name, said in ((ANA, "somebody else"), (KEY, "key is no"), (SHELL, "shell is no")):
        with pytest.raises(Denied, match=said):
            confirmed(database, ana, number, name)
    assert confirmed(database, ana, number, BEN) == 1


@pytest.mark.parametrize("by", [KEY, SHELL])
def test_what_nobody_in_particular_proposed_takes_two_who_confirm(
    database: Database, ana: Actor, by: str
) -> None:
    number = proposed(database, ana, by)
    for other in (KEY, SHELL, "operator:another"):
        with pytest.raises(Denied, match="no person"):
            confirmed(database, ana, number, other)
    assert confirmed(database, ana, number, ANA) is None
    with pytest.raises(Denied, match="somebody else"):
        confirmed(database, ana, number, ANA)
    assert confirmed(database, ana, number, BEN) == 1
    with database.reading() as work:
        columns = select(EntryRow.action, EntryRow.actor, EntryRow.detail)
        entries = work.execute(columns.order_by(EntryRow.id)).all()
    said = [(action, actor, detail.get("proposed_by")) for action, actor, detail in entries]
    assert said[-2:] == [("lists.stand_by", ANA, by), ("lists.confirm", BEN, ANA)]
