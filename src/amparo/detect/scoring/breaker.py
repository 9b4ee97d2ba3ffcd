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
        self._asked = self._asked_before_it_opened = 0
        self._changing = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether nobody would be let through now."""
        with self._changing:
            return not self._lets_through(self._clock())

    def enter(self) -> int | None:
        """The number of a question that may be asked now: say then how it went, or `leave`.

        None where nothing may be.
        """
        with self._changing:
            now = self._clock()
            if not self._lets_through(now):
                return None
            if self._closed_again_at is not None:
                # Should whoever tries never say how it went, another may after a pause.
                self._trial_until = now + self._pause_s
            self._asked += 1
            return self._asked

    def leave(self, question: int) -> None:
        """It was not asked after all, or nothing follows from how it went."""
        with self._changing:
            if self._counts(question):
                self._trial_until = 0.0

    def succeeded(self, question: int) -> None:
        """All is well again, unless it opened after this was asked."""
        with self._changing:
            if self._counts(question):
                self._failures, self._closed_again_at, self._trial_until = 0, None, 0.0

    def failed(self, question: int) -> None:
        """One failure more, unless it opened after this was asked."""
        with self._changing:
            if not self._counts(question):
                return
            self._failures += 1
            if self._closed_again_at is not None or self._failures >= self._most:
                self._open(self._clock() + self._pause_s)

    def rest(self, seconds: float) -> None:
        """Leave it alone as long as it asked for, and for a pause at least."""
        with self._changing:
            self._open(self._clock() + min(max(seconds, self._pause_s), LONGEST_PAUSE_S))

    def _open(self, until: float) -> None:
        self._closed_again_at = max(until, self._closed_again_at or until)
        self._trial_until = 0.0
        self._asked_before_it_opened = self._asked

    def _counts(self, question: int) -> bool:
        """While it is open, only a trial does: what was asked before tells of a time gone by."""
        return question > self._asked_before_it_opened

    def _lets_through(self, now: float) -> bool:
        if self._closed_again_at is None:
            return True
        return now >= self._closed_again_at and now >= self._trial_until
