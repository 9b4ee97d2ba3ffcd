"""A circuit breaker: who failed several times in a row is left alone, and then tried once."""

import threading
import time
from collections.abc import Callable

FAILURES = 5
PAUSE_S = 30.0
LONGEST_PAUSE_S = 3600.0


class Breaker:
    """Closed while all is well; open after `failures` in a row; then half-open, for one trial."""

    def __init__(
        self,
        *,
        failures: int = FAILURES,
        pause_s: float = PAUSE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = failures
        self._pause_s = pause_s
        self._clock = clock
        self._failures = 0
        self._closed_again_at: float | None = None
        self._trial_until = 0.0
        self._changing = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether nobody would be let through now."""
        with self._changing:
            return not self._lets_through(self._clock())

    def enter(self) -> bool:
        """Whether to ask now; say then how it went, or `leave`."""
        with self._changing:
            now = self._clock()
            if not self._lets_through(now):
                return False
            if self._closed_again_at is not None:
                # Should whoever tries never say how it went, another may after a pause.
                self._trial_until = now + self._pause_s
            return True

    def leave(self) -> None:
        """Nothing was asked after all."""
        with self._changing:
            self._trial_until = 0.0

    def succeeded(self) -> None:
        """All is well again."""
        with self._changing:
            self._failures, self._closed_again_at, self._trial_until = 0, None, 0.0

    def failed(self) -> None:
        """One failure more; those that were asked before it opened change nothing any more."""
        with self._changing:
            now = self._clock()
            self._failures += 1
            tried = now < self._trial_until
            if tried or (self._failures >= self._most and self._closed_again_at is None):
                self._open(now + self._pause_s)

    def rest(self, seconds: float) -> None:
        """Leave it alone as long as it asked for, and for a pause at least."""
        with self._changing:
            self._open(self._clock() + min(max(seconds, self._pause_s), LONGEST_PAUSE_S))

    def _open(self, until: float) -> None:
        self._closed_again_at = max(until, self._closed_again_at or until)
        self._trial_until = 0.0

    def _lets_through(self, now: float) -> bool:
        if self._closed_again_at is None:
            return True
        return now >= self._closed_again_at and now >= self._trial_until
