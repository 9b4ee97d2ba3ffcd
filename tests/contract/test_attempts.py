"""Many attempts to sign in at once count as many, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest

from amparo.access.people.attempts import (
    FIRST_WAIT,
    FREE_BY_ACCOUNT,
    FREE_BY_ADDRESS,
    LONGEST_WAIT,
    TooManyAttempts,
    Trier,
    count_attempt,
)
from amparo.core.errors import Denied
from amparo.db import Database
from tests.databases import NOW

AT_ONCE = 20


def tried(attempt: Callable[[], None]) -> bool:
    """Whether the attempt may look at a password."""
    try:
        attempt()
    except Denied:
        return False
    return True


@pytest.mark.parametrize(
    ("free", "who"),
    [
        (FREE_BY_ACCOUNT, lambda number: ("ana@example.org", f"192.0.2.{number}")),
        (FREE_BY_ADDRESS, lambda number: (f"{number}@example.org", "192.0.2.1")),
    ],
    ids=["account", "address"],
)
def test_of_many_at_once_one_is_tried_after_the_wait(
    database: Database, free: int, who: Callable[[int], tuple[str, str]]
) -> None:
    for number in range(free):
        count_attempt(database, Trier(*who(number)), NOW)
    later = NOW + FIRST_WAIT + timedelta(seconds=1)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        passed = threads.map(
            lambda number: tried(lambda: count_attempt(database, Trier(*who(100 + number)), later)),
            range(AT_ONCE),
        )
        assert sum(passed) == 1


@pytest.mark.parametrize("email", ["ana@example.org", "nobody@example.org"])
def test_whoever_must_wait_learns_for_how_long(database: Database, email: str) -> None:
    trier = Trier(email, "192.0.2.1")
    now, waits = NOW, []
    for number in range(FREE_BY_ACCOUNT + 6):
        count_attempt(database, trier, now)
        if number >= FREE_BY_ACCOUNT - 1:
            with pytest.raises(TooManyAttempts) as told:
                count_attempt(database, trier, now + timedelta(milliseconds=200))
            waits.append(told.value.wait_s)
            with pytest.raises(TooManyAttempts) as told:
                count_attempt(database, trier, now + timedelta(seconds=waits[-1] - 1))
            assert told.value.wait_s == 1
            now += timedelta(seconds=waits[-1])
    longest = LONGEST_WAIT.total_seconds()
    assert waits == [30, 60, 120, 240, 480, longest, longest]


def test_the_longer_of_two_waits_is_told(database: Database) -> None:
    for number in range(FREE_BY_ADDRESS + 1):
        now = NOW if number < FREE_BY_ADDRESS else NOW + FIRST_WAIT
        count_attempt(database, Trier(f"{number}@example.org", "192.0.2.1"), now)
    for number in range(FREE_BY_ACCOUNT):
        count_attempt(database, Trier("ana@example.org", f"192.0.2.{10 + number}"), now)
    with pytest.raises(TooManyAttempts) as told:
        count_attempt(database, Trier("ana@example.org", "192.0.2.1"), now)
    assert told.value.wait_s == 60


def test_all_addresses_of_an_ipv6_64_count_as_one(database: Database) -> None:
    for number in range(FREE_BY_ADDRESS):
        count_attempt(database, Trier(f"{number}@example.org", f"2001:db8:0:7::{number:x}"), NOW)
    anew = Trier("anew@example.org", "2001:db8:0:7:ffff:ffff:ffff:ffff")
    assert not tried(lambda: count_attempt(database, anew, NOW))
    for elsewhere in ("2001:db8:0:8::1", "2001:db8:0:6:ffff::1", "192.0.2.1"):
        assert tried(partial(count_attempt, database, Trier(anew.email, elsewhere), NOW))


def test_an_ipv4_address_counts_as_itself_however_it_is_written(database: Database) -> None:
    for number in range(FREE_BY_ADDRESS):
        count_attempt(database, Trier(f"{number}@example.org", "::ffff:192.0.2.1"), NOW)
    assert not tried(lambda: count_attempt(database, Trier("anew@x.org", "192.0.2.1"), NOW))
    assert tried(lambda: count_attempt(database, Trier("anew@x.org", "::ffff:192.0.2.2"), NOW))


def test_of_two_at_once_neither_waits_for_the_other(database: Database) -> None:
    count_attempt(database, Trier("ana@example.org", "192.0.2.1"), NOW + timedelta(seconds=1))
    count_attempt(database, Trier("ben@example.org", "192.0.2.1"), NOW)
