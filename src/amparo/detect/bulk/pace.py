"""How fast an archive is read: so many requests, or so many bytes, a second."""

import re
import threading
import time
from dataclasses import dataclass

from amparo.core.errors import Invalid

_RATE = re.compile(r"(\d+(?:\.\d+)?) ?(|[kMG]B|[KMG]iB)/s")
_BYTES = {
    "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit for all workers of a run together; None where there is none."""

    requests: float | None = None
    size_bytes: float | None = None

    @classmethod
    def of(cls, text: str) -> "Rate":
        """`100/s` requests, or `50MB/s`. Raises Invalid."""
        found = _RATE.fullmatch(text)
        if found is None or not float(found[1]):
            raise Invalid(f"{text!r} is no rate: 100/s are requests, 50MB/s are bytes.")
        if found[2]:
            return cls(size_bytes=float(found[1]) * _BYTES[found[2]])
        return cls(requests=float(found[1]))

    def share(self, of: int) -> "Rate":
        """What one of so many workers may do."""
        return Rate(
            None if self.requests is None else self.requests / of,
            None if self.size_bytes is None else self.size_bytes / of,
        )


NO_LIMIT = Rate()


class Pace:
    """Keeps the threads of a process to a rate, evenly and without bursts."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self, size_bytes: int) -> None:
        """Return when a request of so many bytes may be made."""
        seconds = 0.0
        if self._rate.requests is not None:
            seconds = 1 / self._rate.requests
        if self._rate.size_bytes is not None:
            seconds = size_bytes / self._rate.size_bytes
        if not seconds:
            return
        with self._lock:
            begin = max(self._next, time.monotonic())
            self._next = begin + seconds
        time.sleep(max(0.0, begin - time.monotonic()))
