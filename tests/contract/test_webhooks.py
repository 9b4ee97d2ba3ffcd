"""The outbox becomes deliveries, and each is one worker's at a time, on either database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import insert, select, text, update

from amparo.access.keys import create_organisation
from amparo.access.people.secrets import AccessKey
from amparo.core.clock import SystemClock
from amparo.core.ids import OrganisationId, new_id
from amparo.db import Database
from amparo.db.outbox import put
from amparo.respond.webhooks.gather import gather
from amparo.respond.webhooks.model import EVENTS_AT_MOST, Event, State, WebhookId
from amparo.respond.webhooks.store import Webhooks
from amparo.respond.webhooks.tables import DeliveryRow, WebhookRow
from amparo.respond.webhooks.take import (
    AT_ONCE,
    LEASE,
    Take,
    gone,
    heard_of,
    let_go,
    of_the_silent,
    take_due,
)
from amparo.respond.webhooks.turns import Turns
from tests.databases import NOW

KEY = AccessKey(Fernet.generate_key())


@pytest.fixture
def webhook(database: Database, organisation: OrganisationId) -> object:
    with database.work() as work:
        made, _ = Webhooks(work, organisation).add("https://example.org/", [], KEY, NOW)
    return made


def happen(database: Database, organisation: OrganisationId, count: int) -> set[str]:
    with database.work() as work:
        for number in range(count):
            put(work, organisation, Event.MEDIA_DECIDED, new_id(), {"number": number}, NOW)
        return {str(each) for each in work.execute(text("SELECT id FROM outbox")).scalars()}


def test_all_that_happened_is_in_one_message_each(
    database: Database, organisation: OrganisationId, webhook: object
) -> None:
    happen(database, organisation, 3 * EVENTS_AT_MOST + 1)
    with ThreadPoolExecutor(4) as workers:  # which come in each other's way
        list(workers.map(lambda _: gather(database, SystemClock()), range(8)))
    with database.reading() as work:
        rows = work.execute(select(DeliveryRow.body, DeliveryRow.events)).all()
        left = work.execute(text("SELECT count(*) FROM outbox")).scalar_one()
    assert left == 0
    assert sorted(row.events for row in rows) == [1, EVENTS_AT_MOST, EVENTS_AT_MOST, EVENTS_AT_MOST]
    numbers = [body.count('"number"') for body, _ in rows]
    assert sum(numbers) == 3 * EVENTS_AT_MOST + 1


def test_what_nobody_wants_is_not_kept(database: Database, organisation: OrganisationId) -> None:
    happen(database, organisation, 3)
    assert gather(database, SystemClock()) == 3
    assert gather(database, SystemClock()) == 0


def test_each_is_one_workers_and_a_webhook_has_so_many_under_way(
    database: Database, organisation: OrganisationId, webhook: object
) -> None:
    for _ in range(3 * AT_ONCE):
        happen(database, organisation, 1)
        gather(database, SystemClock())
    later = NOW + timedelta(hours=1)

    def take(number: int) -> list[object]:
        with database.work() as work:
            return list(take_due(work, f"worker-{number}", 16, later))

    with ThreadPoolExecutor(4) as workers:
        taken = [each for some in workers.map(take, range(4)) for each in some]
    assert len(set(taken)) == len(taken) >= AT_ONCE


def test_what_a_silent_worker_had_is_taken_over_and_its_place_is_gone(
    database: Database, organisation: OrganisationId, webhook: object
) -> None:
    happen(database, organisation, 1)
    gather(database, SystemClock())
    later = NOW + timedelta(hours=1)
    with database.work() as work:
        heard_of(work, "first", later)
        (first,) = take_due(work, "first", 16, later)
        assert of_the_silent(work, later + LEASE) == []
        ((worker, take),) = of_the_silent(work, later + LEASE + timedelta(seconds=1))
        assert (worker, take) == ("first", first)
        let_go(work, take, worker)
        (second,) = take_due(work, "second", 16, later)
        assert (second.delivery, second.number) == (first.delivery, first.number + 1)
        let_go(work, first, "first")  # it comes back and finds its place taken
        assert take_due(work, "third", 16, later) == []


def test_a_worker_that_ends_in_peace_leaves_nothing(
    database: Database, organisation: OrganisationId, webhook: object
) -> None:
    happen(database, organisation, 1)
    gather(database, SystemClock())
    later = NOW + timedelta(hours=1)
    with database.work() as work:
        heard_of(work, "first", later)
        assert len(take_due(work, "first", 16, later)) == 1
        gone(work, "first")
        assert len(take_due(work, "second", 16, later)) == 1


PLACES = 16


def a_webhook_with(
    database: Database, organisation: OrganisationId, backlog: int, *, failing: bool = False
) -> WebhookId:
    """A webhook, with so many deliveries due, each an hour ago."""
    with database.work() as work:
        made, _ = Webhooks(work, organisation).add(f"https://example.org/{new_id()}", [], KEY, NOW)
        if failing:
            work.execute(
                update(WebhookRow).where(WebhookRow.id == made.id).values(failing_since=NOW)
            )
        for _ in range(backlog):
            work.execute(
                insert(DeliveryRow).values(
                    id=new_id(), webhook_id=made.id, body="{}", events=1, takes=0, attempts=0,
                    state=State.WAITING.value, written_at=NOW, next_at=NOW - timedelta(hours=1),
                )
            )  # fmt: skip
    return made.id


def another_organisation(database: Database) -> OrganisationId:
    with database.work() as work:
        return create_organisation(work, f"platform {new_id()}", NOW)


def taken_of(database: Database, take: Take) -> WebhookId:
    with database.reading() as work:
        webhook = select(DeliveryRow.webhook_id).where(DeliveryRow.id == take.delivery)
        return WebhookId(work.execute(webhook).scalar_one())


def ends(database: Database, take: Take) -> None:
    """It was delivered."""
    with database.work() as work:
        work.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id == take.delivery)
            .values(taken_by=None, state=State.DELIVERED.value)
        )


def take_next(database: Database, turns: Turns, most: int) -> list[Take]:
    with database.work() as work:
        return take_due(work, "worker", most, NOW, turns)


@pytest.mark.parametrize(("slow", "failing"), [(4, False), (16, True)])
def test_the_first_place_that_is_freed_is_another_organisations(
    database: Database, organisation: OrganisationId, slow: int, failing: bool
) -> None:
    for _ in range(slow):
        a_webhook_with(database, organisation, 2 * AT_ONCE, failing=failing)
    turns = Turns()
    taken = take_next(database, turns, PLACES)
    assert len(taken) == PLACES
    good = a_webhook_with(database, another_organisation(database), 1)
    ends(database, taken[0])
    (following,) = take_next(database, turns, 1)
    assert taken_of(database, following) == good


def test_places_are_shared_evenly_among_organisations(
    database: Database, organisation: OrganisationId
) -> None:
    theirs = {a_webhook_with(database, organisation, 8) for _ in range(4)}
    other = another_organisation(database)
    ours = {a_webhook_with(database, other, 8) for _ in range(2)}
    taken = [taken_of(database, each) for each in take_next(database, Turns(), PLACES)]
    assert sum(each in theirs for each in taken) == sum(each in ours for each in taken) == 8
    assert {taken.count(each) for each in theirs} == {2}


def served(database: Database, *, rounds: int, places: int) -> list[WebhookId]:
    """Whose deliveries had the places, round after round; each place is free again for the next."""
    turns, found = Turns(), []
    for _ in range(rounds):
        takes = take_next(database, turns, places)
        assert len(takes) == places
        for take in takes:
            found.append(taken_of(database, take))
            ends(database, take)
    return found


def test_each_organisation_has_its_turn_where_there_are_more_than_places(
    database: Database,
) -> None:
    webhooks = {a_webhook_with(database, another_organisation(database), 5) for _ in range(6)}
    assert sorted(served(database, rounds=3, places=2)) == sorted(webhooks)


def test_each_webhook_of_an_organisation_has_its_turn(
    database: Database, organisation: OrganisationId
) -> None:
    webhooks = {a_webhook_with(database, organisation, 5, failing=True) for _ in range(6)}
    assert sorted(served(database, rounds=6, places=1)) == sorted(webhooks)


def test_a_single_place_is_enough_for_a_webhook_that_has_some_under_way(
    database: Database, organisation: OrganisationId
) -> None:
    a_webhook_with(database, organisation, 2 * AT_ONCE)
    turns = Turns()
    assert [len(take_next(database, turns, 1)) for _ in range(AT_ONCE + 1)] == [1] * AT_ONCE + [0]
