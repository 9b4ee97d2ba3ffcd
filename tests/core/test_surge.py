"""What is a surge and what is not."""

import pytest

from amparo.core.surge import surge

NOW = 1000


@pytest.mark.parametrize(
    ("hits", "found"),
    [
        ({NOW: 99}, None),
        ({NOW: 100}, (100, 0)),
        ({NOW: 60, NOW - 1: 40}, (100, 0)),
        ({NOW: 60, NOW - 2: 40}, None),
        ({NOW: 100, NOW - 5: 5}, None),
        ({NOW: 101, NOW - 5: 5}, (101, 5)),
        ({NOW: 1000, NOW - 500: 50}, None),
        ({NOW: 10} | dict.fromkeys(range(NOW + 1, NOW + 25), 50), None),
        ({NOW: 1001, NOW + 3: 50}, (1001, 50)),
        ({}, None),
    ],
)
def test_far_more_than_in_the_busiest_hour_before(
    hits: dict[int, int], found: tuple[int, int] | None
) -> None:
    assert surge(hits, NOW, floor=100) == found
