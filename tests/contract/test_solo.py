"""One person decides where two are asked for: later, told to a second address, and on record."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import Message

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Handler
from pytest_socket import enable_socket
from sqlalchemy import text

from amparo.access.model import Actor, Scope
from amparo.access.people.model import NewPerson
from amparo.access.people.store import People
from amparo.access.roles import Role
from amparo.access.solo import Solo
from amparo.app.change_lists import add_signals, confirm_proposal, create_list
from amparo.app.change_people import invite_person
from amparo.app.solo import send_notices, switch_off, switch_on
from amparo.core.clock import SystemClock
from amparo.core.errors import Denied, Invalid, Unavailable
from amparo.core.ids import OrganisationId
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.detect.lists.model import ListKind, NewList
from tests.contract.test_lists_store import a_signal
from tests.databases import NOW
from tests.journeys.test_serve import free_port

SECOND = "ana.private@example.net"


class Hand:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = SystemClock().now()

    def now(self) -> datetime:
        return self.time


class Letters(Handler):
    """Keeps what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.letters.append(message)


@pytest.fixture
def letters() -> Iterator[tuple[Letters, Settings]]:
    """A mail server on this machine, and settings that name it."""
    enable_socket()
    handler = Letters()
    port = free_port()
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    yield handler, Settings(mail_server=f"127.0.0.1:{port}", mail_from="amparo@example.org")
    server.stop()


@pytest.fixture
def ana(organisation: OrganisationId) -> Actor:
    return Actor(organisation, "person:ana", frozenset(Scope))


def alone(database: Database, ana: Actor, settings: Settings, hours: int = 24) -> Hand:
    """One person decides from now on; the clock by which she does."""
    clock = Hand()
    switch_on(database, Solo(hours, SECOND), settings, ana, clock)
    return clock


def propose(database: Database, ana: Actor, clock: Hand) -> int:
    create_list(database, NewList("harmless", ListKind.NEGATIVE), ana, clock)
    entry = replace(a_signal(1), note="ours", expires=NOW + timedelta(days=400))
    proposal = add_signals(database, "harmless", [entry], ana, clock).proposal
    assert proposal is not None
    return proposal


def test_one_person_waits_until_the_second_address_was_told_and_the_delay_is_over(
    database: Database, ana: Actor, letters: tuple[Letters, Settings]
) -> None:
    arrived, settings = letters
    clock = alone(database, ana, settings)
    assert [each["To"] for each in arrived.letters] == [SECOND]
    proposal = propose(database, ana, clock)
    with pytest.raises(Denied, match="was not told of this yet"):
        confirm_proposal(database, "harmless", proposal, ana, clock)
    clock.time += timedelta(hours=2)
    assert send_notices(database, settings, clock) == 1
    assert send_notices(database, settings, clock) == 0
    assert f"proposal {proposal}" in arrived.letters[1].as_string()
    clock.time += timedelta(hours=23)
    with pytest.raises(Denied, match="by one person from"):
        confirm_proposal(database, "harmless", proposal, ana, clock)
    clock.time += timedelta(hours=1)
    change = confirm_proposal(database, "harmless", proposal, ana, clock)
    assert change is not None
    assert change.revision == 1
    with database.reading() as work:
        detail = work.execute(
            text("SELECT detail FROM audit_entries WHERE action = 'lists.confirm'")
        ).scalar_one()
    assert '"one_person": true' in str(detail) or detail["one_person"] is True


def test_somebody_else_need_not_wait(
    database: Database, ana: Actor, letters: tuple[Letters, Settings]
) -> None:
    _, settings = letters
    clock = alone(database, ana, settings)
    proposal = propose(database, ana, clock)
    other = replace(ana, name="person:bea")
    change = confirm_proposal(database, "harmless", proposal, other, clock)
    assert change is not None
    assert change.revision == 1


@pytest.mark.parametrize("name", ["operator:root", "key:1"])
def test_what_anybody_may_have_proposed_waits_for_one_person_too(
    database: Database, ana: Actor, letters: tuple[Letters, Settings], name: str
) -> None:
    _, settings = letters
    clock = alone(database, ana, settings)
    proposal = propose(database, replace(ana, name=name), clock)
    for each in (ana, replace(ana, name="operator:another")):
        with pytest.raises(Denied, match="was not told of this yet"):
            confirm_proposal(database, "harmless", proposal, each, clock)
    send_notices(database, settings, clock)
    clock.time += timedelta(hours=24)
    with pytest.raises(Denied, match="key is no person"):
        confirm_proposal(database, "harmless", proposal, replace(ana, name="key:2"), clock)
    assert confirm_proposal(database, "harmless", proposal, ana, clock) is not None


def test_another_address_or_a_shorter_delay_changes_nothing_for_what_was_begun(
    database: Database, ana: Actor, letters: tuple[Letters, Settings]
) -> None:
    arrived, settings = letters
    clock = alone(database, ana, settings, 72)
    proposal = propose(database, ana, clock)
    switch_on(database, Solo(12, "thrown.away@example.net"), settings, ana, clock)
    arrived.letters.clear()
    assert send_notices(database, settings, clock) == 2
    assert [each["To"] for each in arrived.letters] == [SECOND, SECOND]
    assert "thrown.away@example.net is" in arrived.letters[1].as_string()
    clock.time += timedelta(hours=71)
    with pytest.raises(Denied, match=SECOND):
        confirm_proposal(database, "harmless", proposal, ana, clock)
    clock.time += timedelta(hours=1)
    assert confirm_proposal(database, "harmless", proposal, ana, clock) is not None


def test_the_address_hears_that_it_is_told_no_more(
    database: Database, ana: Actor, letters: tuple[Letters, Settings]
) -> None:
    arrived, settings = letters
    clock = alone(database, ana, settings)
    switch_off(database, ana, clock)
    assert send_notices(database, settings, clock) == 1
    assert arrived.letters[-1]["To"] == SECOND
    assert "Two people decide again" in arrived.letters[-1].as_string()


def test_the_second_address_is_nobodys_who_signs_in_later(
    database: Database, ana: Actor, letters: tuple[Letters, Settings]
) -> None:
    _, settings = letters
    clock = alone(database, ana, settings)
    new = NewPerson(SECOND.upper(), "Ana", frozenset({Role.OWNER}))
    with pytest.raises(Invalid, match="second address"):
        invite_person(database, new, ana, clock)


def test_once_it_is_ended_two_people_decide_again(
    database: Database, ana: Actor, letters: tuple[Letters, Settings]
) -> None:
    _, settings = letters
    clock = alone(database, ana, settings)
    proposal = propose(database, ana, clock)
    send_notices(database, settings, clock)
    switch_off(database, ana, clock)
    clock.time += timedelta(days=2)
    with pytest.raises(Denied, match="somebody else"):
        confirm_proposal(database, "harmless", proposal, ana, clock)


def test_what_makes_no_sense_is_refused(
    database: Database, ana: Actor, letters: tuple[Letters, Settings]
) -> None:
    _, settings = letters
    with database.work() as work:
        new = NewPerson("ana@example.org", "Ana", frozenset({Role.OWNER}))
        People(work, ana.organisation_id).add(new, NOW)
    for solo, chosen, said in (
        (Solo(24, "Ana@example.org"), settings, "signs in with"),
        (Solo(1, SECOND), settings, "12 hours at least"),
        (Solo(24, "nobody"), settings, "no e-mail address"),
        (Solo(24, SECOND), Settings(), "needs mail"),
    ):
        with pytest.raises(Invalid, match=said):
            switch_on(database, solo, chosen, ana, SystemClock())


def test_a_mail_server_that_is_away_is_told_and_the_delay_does_not_begin(
    database: Database, ana: Actor, letters: tuple[Letters, Settings]
) -> None:
    _, settings = letters
    clock = alone(database, ana, settings)
    proposal = propose(database, ana, clock)
    away = settings.model_copy(update={"mail_server": "127.0.0.1:1"})
    with pytest.raises(Unavailable, match="mail server"):
        send_notices(database, away, clock)
    clock.time += timedelta(days=2)
    with pytest.raises(Denied, match="was not told"):
        confirm_proposal(database, "harmless", proposal, ana, clock)
