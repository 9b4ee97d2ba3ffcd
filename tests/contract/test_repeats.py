"""A repeated call is one call, whatever happened to the first."""

import threading
from datetime import timedelta

import pytest

from amparo.access.repeats import KEPT, LEASE, Call, forget_old, keep, release, reserve
from amparo.core.errors import Conflict, Invalid
from amparo.core.ids import OrganisationId, new_id
from amparo.db import Database
from tests.databases import NOW

ANSWER = {"action": "allow", "n": 1.5}


def a_call(organisation: OrganisationId, *, key: str = "k", body: bytes = b"body") -> Call:
    return Call(organisation, key, body)


def done(database: Database, call: Call) -> None:
    assert reserve(database, call, NOW) is None
    with database.work() as work:
        keep(work, call, ANSWER)


def test_what_was_answered_is_answered_again(
    database: Database, organisation: OrganisationId
) -> None:
    call = a_call(organisation)
    done(database, call)
    assert reserve(database, call, NOW + KEPT - timedelta(seconds=1)) == ANSWER


def test_another_request_under_the_key_is_refused(
    database: Database, organisation: OrganisationId
) -> None:
    done(database, a_call(organisation))
    with pytest.raises(Invalid, match="another request"):
        reserve(database, a_call(organisation, body=b"other"), NOW)


def test_the_key_of_another_organisation_is_another(
    database: Database, organisation: OrganisationId
) -> None:
    done(database, a_call(organisation))
    assert reserve(database, a_call(OrganisationId(new_id())), NOW) is None


def test_while_the_first_is_at_work_the_second_is_told_so(
    database: Database, organisation: OrganisationId
) -> None:
    call = a_call(organisation)
    assert reserve(database, call, NOW) is None
    with pytest.raises(Conflict):
        reserve(database, call, NOW + LEASE - timedelta(seconds=1))


def test_a_call_that_was_lost_can_be_made_again_and_the_lost_one_does_nothing_more(
    database: Database, organisation: OrganisationId
) -> None:
    call = a_call(organisation)
    assert reserve(database, call, NOW) is None
    assert reserve(database, call, NOW + LEASE + timedelta(seconds=1)) is None
    with database.work() as work:
        keep(work, call, ANSWER)
    with pytest.raises(Conflict), database.work() as work:
        keep(work, call, {"action": "hold"})
    assert reserve(database, call, NOW + LEASE) == ANSWER


def test_a_call_that_failed_can_be_made_again(
    database: Database, organisation: OrganisationId
) -> None:
    call = a_call(organisation)
    assert reserve(database, call, NOW) is None
    release(database, call)
    assert reserve(database, call, NOW) is None


def test_what_was_answered_is_not_released(
    database: Database, organisation: OrganisationId
) -> None:
    call = a_call(organisation)
    done(database, call)
    release(database, call)
    assert reserve(database, call, NOW) == ANSWER


def test_after_a_day_it_is_forgotten(database: Database, organisation: OrganisationId) -> None:
    call = a_call(organisation)
    done(database, call)
    with database.work() as work:
        forget_old(work, NOW + KEPT + timedelta(seconds=1))
    assert reserve(database, call, NOW) is None


def test_of_many_at_once_one_gets_the_key(database: Database, organisation: OrganisationId) -> None:
    call = a_call(organisation)
    got: list[bool] = []

    def ask() -> None:
        try:
            got.append(reserve(database, call, NOW) is None)
        except Conflict:
            got.append(False)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]
