"""What a provider says of itself, kept for some minutes, so that a sign-in need not ask for it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from amparo.core.clock import Clock

KEPT_FOR = timedelta(minutes=5)

Said = Mapping[str, Any]


class Discovery:
    """Keeps what was said last. Called from several threads; two may ask at the same time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: tuple[datetime, Said] | None = None

    def said(self, ask: Callable[[], Said]) -> Said:
        """What was said within these minutes, or what is said now. Raises what `ask` does."""
        now, kept = self._clock.now(), self._kept
        if kept is not None and timedelta(0) <= now - kept[0] < KEPT_FOR:
            return kept[1]
        said = ask()
        self._kept = now, said
        return said
