"""The outbox becomes deliveries, and each is one worker's at a time, on either database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, text

from amparo.access.people.secrets import AccessKey
from amparo.core.clock import SystemClock
from amparo.core.ids import OrganisationId, new_id
from amparo.db import Database
from amparo.db.outbox import put
from amparo.respond.webhooks.gather import gather
from amparo.respond.webhooks.model import EVENTS_AT_MOST, Event
from amparo.respond.webhooks.store import Webhooks
from amparo.respond.webhooks.tables import DeliveryRow
from amparo.respond.webhooks.take import (
    AT_ONCE,
    LEASE,
    gone,
    heard_of,
    let_go,
    of_the_silent,
    take_due,
)
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
