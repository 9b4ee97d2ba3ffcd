"""How often and how long a call is tried again."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Patience:
    """At most so many attempts within so many seconds, with waits of chance length between them.

    The n-th wait is anything up to `first_wait_s` × 2ⁿ⁻¹, so that callers that failed together do
    not come back together; see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    (full jitter). What Amparo says in `Retry-After` is waited for at least. An attempt that is told
    that an earlier one is still at work counts for the seconds alone.
    """

    attempts: int = 5
    total_s: float = 60
    first_wait_s: float = 0.25
    longest_wait_s: float = 8
    monotonic: Callable[[], float] = field(default=time.monotonic, repr=False)
    wall: Callable[[], float] = field(default=time.time, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    chance: Callable[[], float] = field(default=random.random, repr=False)

    def wait_s(self, attempt: int, retry_after_s: float | None, left_s: float) -> float | None:
        """Seconds until the next attempt after this one, from 1; None where no time is left."""
        most = min(self.longest_wait_s, self.first_wait_s * 2 ** min(attempt - 1, 30))
        wait = max(self.chance() * most, retry_after_s or 0)
        return wait if wait < left_s else None

    def retry_after_s(self, said: str | None) -> float | None:
        """What the header asks for, in seconds or as a date; None where it says nothing."""
        if said is None:
            return None
        if said.isascii() and said.isdigit():
            return float(said[:9])
        try:
            return max(0.0, parsedate_to_datetime(said).timestamp() - self.wall())
        except (ValueError, OverflowError):
            return None
