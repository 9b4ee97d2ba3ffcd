"""Who suddenly looks up far more than before is told of, once a day."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from amparo.access.look_ups import Alarm, LookUps, alarms, forget_hours
from amparo.access.model import Actor, Scope
from amparo.core.ids import OrganisationId
from amparo.db import Database
from tests.contract.test_keys import Hand

HOUR_S = 3600
DAY_S = 24 * HOUR_S


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def counted(database: Database, hand: Hand) -> LookUps:
    return LookUps(database, hand, asked_floor=1000)


@pytest.fixture
def caller(organisation: OrganisationId) -> Actor:
    return Actor(organisation, "key:a", frozenset(Scope))


def told(database: Database, caller: Actor) -> list[Alarm]:
    with database.reading() as work:
        return list(alarms(work, caller.organisation_id))


def test_far_more_than_ever_before_is_told_once_a_day(
    database: Database, counted: LookUps, caller: Actor, hand: Hand
) -> None:
    for _ in range(3):
        counted.count(caller, asked=40, matched=1)
        counted.step()
        hand.pass_s(HOUR_S)
    assert told(database, caller) == []
    hand.pass_s(2 * HOUR_S)
    for _ in range(4):
        counted.count(caller, asked=300, matched=0)
        counted.step()
    (alarm,) = told(database, caller)
    assert (alarm.caller, alarm.what, alarm.count, alarm.busiest_before) == (
        "key:a",
        "asked",
        1200,
        40,
    )
    hand.pass_s(DAY_S)
    counted.count(caller, asked=30_000, matched=0)
    counted.step()
    assert [each.count for each in told(database, caller)] == [30_000, 1200]
    with database.reading() as work:
        outbox = work.execute(text("SELECT kind FROM outbox")).scalars().all()
        recorded = work.execute(text("SELECT action FROM audit_entries")).scalars().all()
    assert list(outbox) == ["caller.unusual"] * 2
    assert list(recorded) == ["callers.unusual"] * 2


def test_a_busy_platform_is_not_unusual(
    database: Database, counted: LookUps, caller: Actor, hand: Hand
) -> None:
    counted.count(caller, asked=900, matched=90)
    counted.step()
    for hours in range(1, 5):
        hand.pass_s(2 * HOUR_S)
        counted.count(caller, asked=900 * 8 * hours, matched=90 * 8 * hours)
        counted.step()
    assert told(database, caller) == []


def test_many_matches_are_told_although_little_was_asked(
    database: Database, counted: LookUps, caller: Actor
) -> None:
    counted.count(caller, asked=150, matched=120)
    counted.step()
    assert [(each.what, each.count) for each in told(database, caller)] == [("matched", 120)]


def test_what_could_not_be_written_is_counted_with_what_comes(
    database: Database, counted: LookUps, caller: Actor
) -> None:
    with database.work() as work:
        work.execute(text("ALTER TABLE caller_hours RENAME TO away"))
    counted.count(caller, asked=700, matched=0)
    with pytest.raises(Exception, match="caller_hours"):
        counted.step()
    with database.work() as work:
        work.execute(text("ALTER TABLE away RENAME TO caller_hours"))
    counted.count(caller, asked=400, matched=0)
    counted.step()
    assert [each.count for each in told(database, caller)] == [1100]


def test_old_counts_are_forgotten(
    database: Database, counted: LookUps, caller: Actor, hand: Hand
) -> None:
    counted.count(caller, asked=1, matched=0)
    counted.step()
    with database.work() as work:
        forget_hours(work, hand.now() + timedelta(days=29))
        assert work.execute(text("SELECT count(*) FROM caller_hours")).scalar() == 1
        forget_hours(work, hand.now() + timedelta(days=31))
        assert work.execute(text("SELECT count(*) FROM caller_hours")).scalar() == 0
