"""What a service elsewhere may be asked: so often a minute, so often a day, and no more."""

import threading
import time
from collections.abc import Callable

MINUTE_S = 60
DAY_S = 86_400


class Budget:
    """Two buckets of tokens; a call takes one of each, or is not made.

    The minute's is refilled evenly, the day's as a whole, when a day has passed since it was full:
    a day's money is never spent twice.
    """

    def __init__(
        self, per_minute: int, per_day: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_minute = per_minute
        self._per_day = per_day
        self._clock = clock
        self._minute, self._day = float(per_minute), per_day
        self._refilled = self._day_began = clock()
        self._taking = threading.Lock()

    def take(self) -> bool:
        """Whether one more call may be made; it then counts."""
        with self._taking:
            self._refill(self._clock())
            if self._minute < 1 or self._day < 1:
                return False
            self._minute -= 1
            self._day -= 1
            return True

    def _refill(self, now: float) -> None:
        gained = (now - self._refilled) * self._per_minute / MINUTE_S
        self._minute, self._refilled = min(self._per_minute, self._minute + gained), now
        if now - self._day_began >= DAY_S:
            self._day, self._day_began = self._per_day, now
