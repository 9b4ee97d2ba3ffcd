"""What time it is, asked of whoever was passed in, so that a test can say it."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time in UTC."""


class SystemClock:
    """The machine's clock. It can jump back: nothing here depends on its order alone."""

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)
