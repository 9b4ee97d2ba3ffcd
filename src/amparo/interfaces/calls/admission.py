"""How much is let in at once: bytes and files for the process, requests a second for a key."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import HTTPException

from amparo.detect.media.sniff import sniff

T = TypeVar("T")

_MOST_KEYS = 10_000
_FILES_AT_ONCE = 40
_VIDEOS_AT_ONCE = 16


class Lanes:
    """Threads for files at work, so that all else is answered however many there are.

    Videos take long, and wait for each other; a picture waits for none of them.
    """

    def __init__(self) -> None:
        self._files = CapacityLimiter(_FILES_AT_ONCE)
        self._videos = CapacityLimiter(_VIDEOS_AT_ONCE)

    async def run(self, data: bytes, work: Callable[[], T]) -> T:
        """What `work`, which is about the file `data`, comes to."""
        lane = self._videos if sniff(data).is_video else self._files
        return await to_thread.run_sync(work, limiter=lane)


class Bodies:
    """The memory for bodies. Used in the event loop alone, so that nothing needs a lock."""

    def __init__(self, most_bytes: int) -> None:
        self._left = most_bytes

    @contextmanager
    def room(self) -> Iterator["Room"]:
        """Room for one body, given back at the end."""
        room = Room()
        room.of = self
        try:
            yield room
        finally:
            self._left += room.taken

    def take(self, size_bytes: int) -> None:
        """Raises HTTPException 503 where there is no more."""
        if size_bytes > self._left:
            raise HTTPException(
                503,
                "So many uploads are at work that there is no room for this one; send it again.",
            )
        self._left -= size_bytes


class Room:
    """What one body has taken so far."""

    of: Bodies
    taken = 0

    def take(self, size_bytes: int) -> None:
        """Raises HTTPException 503 where there is no more."""
        self.of.take(size_bytes)
        self.taken += size_bytes


class Rates:
    """A bucket a key, which fills with so many requests a second and holds those of one."""

    def __init__(self, a_second: int) -> None:
        self._a_second = a_second
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> None:
        """Count a request. Raises HTTPException 429 where there were too many."""
        now = time.monotonic()
        left, at = self._buckets.get(name, (float(self._a_second), now))
        left = min(self._a_second, left + (now - at) * self._a_second)
        if left < 1:
            raise HTTPException(
                429,
                f"This key may ask {self._a_second} times a second (AMPARO_KEY_RATE).",
                headers={"Retry-After": "1"},
            )
        if len(self._buckets) >= _MOST_KEYS:
            self._buckets.clear()
        self._buckets[name] = (left - 1, now)
