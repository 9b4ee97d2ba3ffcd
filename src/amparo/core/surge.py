"""Whether something suddenly happens far more often than ever before."""

from collections.abc import Mapping
from datetime import datetime, timedelta

RECENT_HOURS = 2
"""The present hour, and the one before it."""

TIMES_THE_BUSIEST = 20
"""A surge has so many times what the busiest earlier hour had."""

HISTORY = timedelta(days=30)


def hour_of(moment: datetime) -> int:
    """Hours since 1970."""
    return int(moment.timestamp() // 3600)


def surge(by_hour: Mapping[int, int], hour: int, floor: int) -> tuple[int, int] | None:
    """How often it happened of late, and in the busiest hour before, where that is a surge.

    Fewer than `floor` are none, however few there were before. Hours that lie ahead are there when
    the clock went back; they were busy or not as any other.
    """
    first = hour - RECENT_HOURS + 1
    recent = sum(count for each, count in by_hour.items() if first <= each <= hour)
    others = (count for each, count in by_hour.items() if not first <= each <= hour)
    busiest = max(others, default=0)
    if recent < floor or recent <= TIMES_THE_BUSIEST * busiest:
        return None
    return recent, busiest
