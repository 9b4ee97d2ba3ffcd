"""Many attempts to sign in at once count as many, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from amparo.access.people.attempts import (
    FIRST_WAIT,
    FREE_BY_ACCOUNT,
    FREE_BY_ADDRESS,
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
