"""The words of this feature: a signal, and a list of them."""

from dataclasses import dataclass
from datetime import datetime

from amparo.detect.hashing.model import Algorithm


@dataclass(frozen=True, slots=True, repr=False)
class Signal:
    """A hash that a list vouches for: `value` in lower-case hexadecimal digits, and why."""

    id: str
    algorithm: Algorithm
    value: str
    quality: int | None = None
    source: str = ""
    labels: tuple[str, ...] = ()
    classification: str = ""
    confidence: float | None = None
    expires: datetime | None = None
    note: str = ""

    def is_live(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires is None or now < self.expires

    def __repr__(self) -> str:
        return f"Signal({self.id!r}, {self.algorithm.value})"


@dataclass(frozen=True, slots=True, repr=False)
class KnownList:
    """The signals of one list file; `unhashed` counts lines about files that had no hash."""

    name: str
    signals: tuple[Signal, ...]
    unhashed: int = 0

    def __repr__(self) -> str:
        return f"KnownList({self.name!r}, {len(self.signals)} signals)"
