"""Whoever is invited again or removed while somebody signs in with what was right before."""

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import SupportsIndex

import pyotp
import pytest
from sqlalchemy import event, text

from amparo.access.model import Actor, Scope
from amparo.access.people.codes import STEP_S, new_secret
from amparo.access.people.invitations import Chosen
from amparo.access.people.model import Given, NewPerson, Person, Session
from amparo.access.people.secrets import AccessKey, access_key, ensure_access_key
from amparo.access.people.sessions import begin_session
from amparo.access.people.sign_in import prove, sign_in
from amparo.access.roles import Role
from amparo.app.change_people import (
    Invited,
    accept_invitation,
    give_roles,
    invite_again,
    invite_person,
    remove_person,
)
from amparo.core.errors import Denied
from amparo.core.ids import OrganisationId
from amparo.db import Database, Work
from tests.databases import NOW

EMAIL = "ana@example.org"
PASSWORD = "purple horses sing low"
WAIT_S = 30


class Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


class Looked(str):
    """A password; something happens while it is looked at."""

    meanwhile: Callable[[], object]

    def __getitem__(self, at: SupportsIndex | slice) -> str:
        self.meanwhile()
        return super().__getitem__(at)


@pytest.fixture
def actor(organisation: OrganisationId) -> Actor:
    return Actor(organisation, "operator:x", frozenset(Scope))


@pytest.fixture
def key(tmp_path: Path) -> AccessKey:
    ensure_access_key(tmp_path / "key")
    return access_key(tmp_path / "key")


@pytest.fixture
def given(database: Database, actor: Actor, key: AccessKey) -> Given:
    """All that is right for Ana, an auditor."""
    new = NewPerson(EMAIL, "Ana", frozenset({Role.AUDITOR}))
    made = invite_person(database, new, actor, Still())
    telephone = pyotp.TOTP(new_secret())
    chosen = Chosen(PASSWORD, telephone.secret, telephone.at(int(NOW.timestamp())))
    accept_invitation(database, made.token, chosen, key, Still())
    return Given(EMAIL, PASSWORD, telephone.at(int(NOW.timestamp()) + STEP_S), "192.0.2.1")


@pytest.mark.parametrize("end", [invite_again, remove_person])
def test_a_password_that_is_taken_back_while_it_is_looked_at_lets_nobody_in(
    database: Database, actor: Actor, key: AccessKey, given: Given, end: Callable[..., object]
) -> None:
    password = Looked(PASSWORD)
    password.meanwhile = lambda: end(database, EMAIL, actor, Still())
    tried = Given(EMAIL, password, given.code, given.address)
    with pytest.raises(Denied, match="address, password or code"):
        sign_in(database, tried, key, Still())
    assert sessions(database) == 0


def test_a_session_that_begins_while_somebody_is_invited_again_is_ended(
    database: Database, actor: Actor, key: AccessKey, given: Given
) -> None:
    with ThreadPoolExecutor(1) as another:

        def begin(work: Work, person: Person, now: datetime) -> Session:
            session = begin_session(work, person, now)
            again.append(another.submit(invite_again, database, EMAIL, actor, Still()))
            wait_for_a_lock(database)
            return session

        again: list[Future[Invited]] = []
        prove(database, given, key, Still(), action="people.sign_in", then=begin)
        again[0].result(WAIT_S)
    assert sessions(database) == 0


def test_roles_that_are_given_while_somebody_signs_in_hold(
    database: Database, actor: Actor, key: AccessKey, given: Given
) -> None:
    password = Looked(PASSWORD)
    password.meanwhile = lambda: give_roles(database, EMAIL, [Role.REVIEWER], actor, Still())
    tried = Given(EMAIL, password, given.code, given.address)
    assert sign_in(database, tried, key, Still()).person.roles == {Role.REVIEWER}


def sessions(database: Database) -> int:
    with database.reading() as work:
        return int(work.execute(text("SELECT count(*) FROM sessions")).scalar_one())


def wait_for_a_lock(database: Database) -> None:
    """Until somebody waits for us; in SQLite nobody else writes before we have ended."""
    if database.engine.dialect.name == "sqlite":
        return
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    until = time.monotonic() + WAIT_S
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as looking:
        while not looking.execute(waiting).scalar_one():
            assert time.monotonic() < until


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_unknown_name_has_the_database_do_as_much_as_a_known_one(
    database: Database, key: AccessKey, given: Given
) -> None:
    done = {
        email: statements(database, lambda: sign_in(database, tried, key, Still()))
        for email in (EMAIL, "nobody@example.org")
        if (tried := Given(email, "another sentence", given.code, given.address))
    }
    assert done["nobody@example.org"] == done[EMAIL]
    assert done[EMAIL].count("begins to write") == 2
    assert done[EMAIL].count("writes") == 5


def statements(database: Database, refused: Callable[[], object]) -> list[str]:
    """What SQLite does while somebody is refused, in its order."""
    said: list[str] = []

    def listen(raw: sqlite3.Connection, *_: object) -> None:
        raw.set_trace_callback(said.append)

    event.listen(database.engine, "checkout", listen)
    with pytest.raises(Denied):
        refused()
    event.remove(database.engine, "checkout", listen)
    kinds = {"BEGIN IMMEDIATE": "begins to write", "INSERT": "writes", "UPDATE": "writes"}
    return [
        next((kind for word, kind in kinds.items() if each.startswith(word)), each.split()[0])
        for each in said
    ]
