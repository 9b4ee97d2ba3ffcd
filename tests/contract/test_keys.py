"""Service keys: recognised, refused, taken back, and known while the database is away."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from amparo.access.first_key import ensure_first_key
from amparo.access.key_ring import FRESH_S, KeyRing
from amparo.access.keys import create_key, keys_of, parts_of, require, revoke_key, rotate_key
from amparo.access.model import Scope
from amparo.core.errors import Conflict, Denied, NotFound, Unavailable
from amparo.core.ids import OrganisationId, new_id
from amparo.db import Database, Work
from tests.databases import NOW


class Hand:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def pass_s(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Leaving:
    """A database that a test can take away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = False

    @contextmanager
    def reading(self) -> Iterator[Work]:
        if self.away:
            raise Unavailable("away")
        with self._database.reading() as work:
            yield work


@pytest.fixture
def key(database: Database, organisation: OrganisationId) -> str:
    with database.work() as work:
        return create_key(
            work, organisation, "test", [Scope.LISTS_READ], now=NOW,
            expires_at=NOW + timedelta(days=1),
        )  # fmt: skip


def test_a_key_says_who_and_for_what(
    database: Database, organisation: OrganisationId, key: str
) -> None:
    actor = KeyRing(database, Hand()).actor(key)
    assert (actor.organisation_id, actor.scopes) == (organisation, {Scope.LISTS_READ})
    require(actor, Scope.LISTS_READ)
    with pytest.raises(Denied, match="scope"):
        require(actor, Scope.LISTS_WRITE)


def test_its_secret_is_nowhere_in_the_database(database: Database, key: str) -> None:
    _, secret = parts_of(key)
    with database.reading() as work:
        (row,) = work.execute(text("SELECT * FROM keys")).all()
    assert secret not in [bytes(each) for each in row if isinstance(each, bytes | memoryview)]
    assert key not in str(row)


@pytest.mark.parametrize(
    "wrong",
    ["", "x", "amparo_x_y", "amparo__", "other_{id}_{secret}", "amparo_{id}_{other}", "amparo_{id}",
     "amparo_{id}_", "amparo_{new}_{secret}", "amparo_ü_{secret}", "amparo_{id}_{secret}_x"],
)  # fmt: skip
def test_anything_else_is_refused_in_the_same_words(
    database: Database, key: str, wrong: str
) -> None:
    _, key_id, secret = key.split("_")
    given = wrong.format(id=key_id, secret=secret, other=secret[::-1], new="a" * 26)
    with pytest.raises(Denied, match="not known, or not any more"):
        KeyRing(database, Hand()).actor(given)


def test_it_expires(database: Database, key: str) -> None:
    clock = Hand()
    ring = KeyRing(database, clock)
    ring.actor(key)
    clock.pass_s(24 * 3600)
    with pytest.raises(Denied):
        ring.actor(key)


def test_once_taken_back_it_is_refused_within_a_moment(
    database: Database, organisation: OrganisationId, key: str
) -> None:
    clock = Hand()
    ring = KeyRing(database, clock)
    ring.actor(key)
    with database.work() as work:
        (known,) = keys_of(work, organisation)
        revoke_key(work, known.id, organisation, NOW)
    clock.pass_s(FRESH_S + 0.1)
    with pytest.raises(Denied):
        ring.actor(key)


def test_nobody_takes_back_the_key_of_others(
    database: Database, organisation: OrganisationId, key: str
) -> None:
    with database.reading() as work:
        (known,) = keys_of(work, organisation)
    with pytest.raises(NotFound), database.work() as work:
        revoke_key(work, known.id, OrganisationId(new_id()), NOW)


def test_while_the_database_is_away_a_known_key_is_good_and_a_new_one_is_not(
    database: Database, organisation: OrganisationId, key: str
) -> None:
    clock = Hand()
    leaving = Leaving(database)
    ring = KeyRing(leaving, clock)  # type: ignore[arg-type]
    ring.actor(key)
    with database.work() as work:
        other = create_key(work, organisation, "other", [Scope.LISTS_READ], now=NOW)
    leaving.away = True
    clock.pass_s(3600)
    assert ring.actor(key).organisation_id == organisation
    with pytest.raises(Unavailable):
        ring.actor(other)
    with pytest.raises(Denied):
        ring.actor(key[:-3] + "aaa")
    clock.pass_s(24 * 3600)
    with pytest.raises(Denied):
        ring.actor(key)


def test_a_key_is_rotated_and_the_old_one_ends(
    database: Database, organisation: OrganisationId, key: str
) -> None:
    hand = Hand()
    ring = KeyRing(database, hand)
    old, _ = parts_of(key)
    hand.pass_s(3600)
    with database.work() as work:
        made = rotate_key(
            work, old, organisation, now=hand.now(), until=hand.now() + timedelta(hours=2)
        )
    assert ring.actor(made).scopes == ring.actor(key).scopes
    hand.pass_s(2 * 3600 + 1)
    with pytest.raises(Denied):
        ring.actor(key)
    ring.actor(made)
    hand.pass_s(22 * 3600)  # it is good for as long as the old one was: a day
    with pytest.raises(Denied):
        ring.actor(made)


def test_a_rotated_key_lives_no_longer_than_it_would_have(
    database: Database, organisation: OrganisationId, key: str
) -> None:
    hand = Hand()
    old, _ = parts_of(key)
    with database.work() as work:
        rotate_key(work, old, organisation, now=NOW, until=NOW + timedelta(days=5))
    hand.pass_s(24 * 3600 + 1)
    with pytest.raises(Denied):
        KeyRing(database, hand).actor(key)


def test_what_is_not_good_any_more_or_not_ours_is_not_rotated(
    database: Database, organisation: OrganisationId, key: str
) -> None:
    old, _ = parts_of(key)
    until = NOW + timedelta(hours=1)
    with database.work() as work, pytest.raises(NotFound):
        rotate_key(work, old, OrganisationId(new_id()), now=NOW, until=until)
    with database.work() as work:
        revoke_key(work, old, organisation, NOW)
    with database.work() as work, pytest.raises(Conflict):
        rotate_key(work, old, organisation, now=NOW, until=until)


def test_hosts_that_start_at_once_make_one_first_key(database: Database) -> None:
    together = threading.Barrier(4)

    def start(_: int) -> str | None:
        together.wait()
        return ensure_first_key(database, Hand())

    with ThreadPoolExecutor(4) as hosts:
        made = list(hosts.map(start, range(4)))
    assert sorted(map(bool, made)) == [False, False, False, True]
