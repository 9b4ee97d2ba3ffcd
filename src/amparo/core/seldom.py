"""Warnings that would come a thousand times a second, told once a second."""

import threading
import time

from structlog.typing import FilteringBoundLogger

EVERY_S = 1.0
_MOST = 100


class Seldom:
    """Tells each warning when it comes, and then not before a second has passed."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._told: dict[tuple[str, str], tuple[float, int]] = {}
        self._telling = threading.Lock()

    def warning(self, event: str, *, why: str) -> None:
        """`also` says how often the same was not told since."""
        now = time.monotonic()
        with self._telling:
            at, passed_over = self._told.get((event, why), (-EVERY_S, 0))
            if now - at < EVERY_S:
                self._told[event, why] = at, passed_over + 1
                return
            if len(self._told) >= _MOST:
                self._told.clear()
            self._told[event, why] = now, 0
        self._log.warning(event, why=why, also=passed_over)
