"""Lists made ready to be searched: short ones in memory, long ones through their index."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from amparo.detect.hashing.model import OWN, USABLE_QUALITY, Algorithm
from amparo.detect.hashing.plug_ins import hash_types
from amparo.detect.index import DigestTable, Hits, NearTable, Rows
from amparo.detect.index.measured import Measured, near_by_measure
from amparo.detect.index.model import NO_HITS
from amparo.detect.lists.forms import index_kind, index_values
from amparo.detect.lists.model import KnownList, Signal


class Searchable(Protocol):
    """The live signals of one list, each under a number that a search gives back."""

    @property
    def name(self) -> str:
        """What matches call the list."""

    @property
    def left_out(self) -> int:
        """How many signals are not searched, being expired or of poor quality."""

    def __len__(self) -> int:
        """How many signals are searched."""

    def near(self, queries: NDArray[np.uint64], radius_bits: int) -> Hits:
        """Signals near hashes uint64[Q, 4]."""

    def equal(self, algorithm: Algorithm, digest: bytes) -> Hits:
        """Signals equal to a digest."""

    def measured(self, algorithm: Algorithm, value: bytes) -> Hits:
        """Signals of a plugged-in type within its radius of a hash."""

    def signal_id(self, number: int) -> str | None:
        """The id of a signal that was found; None where it has expired meanwhile."""

    def text(self, number: int) -> str:
        """The text of a signal that was found near: of a video its frames, else empty."""


class KnownSignals:
    """The live signals of some lists."""

    def __init__(self, lists: Sequence[KnownList | Searchable], *, now: datetime) -> None:
        """Signals that have expired by `now`, and hashes of poor quality, are left out."""
        self.lists: tuple[Searchable, ...] = tuple(
            _InMemory(each, now) if isinstance(each, KnownList) else each for each in lists
        )

    def __len__(self) -> int:
        return sum(len(each) for each in self.lists)

    @property
    def left_out(self) -> int:
        """How many signals are not searched, being expired or of poor quality."""
        return sum(each.left_out for each in self.lists)


class _InMemory:
    """A list that is short enough to be read whole each time."""

    def __init__(self, known: KnownList, now: datetime) -> None:
        self.name = known.name
        self._signals = [
            signal for signal in known.signals if signal.is_live(now) and is_usable(signal)
        ]
        self.left_out = len(known.signals) - len(self._signals)
        self._near = NearTable.of(self._rows(Algorithm.PDQ))
        self._digests = {
            algorithm: DigestTable.of(self._rows(algorithm))
            for algorithm in OWN
            if algorithm.is_exact
        }
        others = {signal.algorithm for signal in self._signals} - set(OWN)
        self._others = {algorithm.value: self._rows(algorithm) for algorithm in others}

    def __len__(self) -> int:
        return len(self._signals)

    def near(self, queries: NDArray[np.uint64], radius_bits: int) -> Hits:
        return self._near.search(queries, radius_bits)

    def equal(self, algorithm: Algorithm, digest: bytes) -> Hits:
        return self._digests[algorithm].search(np.frombuffer(digest, np.uint8)[None])

    def measured(self, algorithm: Algorithm, value: bytes) -> Hits:
        rows = self._others.get(algorithm.value)
        if rows is None:
            return NO_HITS
        none_gone = np.zeros((len(rows) + 7) // 8, np.uint8)
        known = Measured(rows.values, rows.signals, rows.lists, none_gone)
        kind = hash_types()[algorithm.value]
        asked = np.frombuffer(value, np.uint8)[None]
        return near_by_measure(asked, known, {0: kind.radius}, kind.distances)

    def signal_id(self, number: int) -> str | None:
        return self._signals[number].id

    def text(self, number: int) -> str:
        return self._signals[number].text

    def _rows(self, algorithm: Algorithm) -> Rows:
        """The hashes that an index keeps as those of one algorithm, all as of one list."""
        chosen = [
            (number, signal)
            for number, signal in enumerate(self._signals)
            if index_kind(signal.algorithm) == algorithm.value
        ]
        if not chosen:
            return Rows.none(algorithm.width_bytes)
        values, counts = index_values([signal for _, signal in chosen])
        numbers = np.repeat(np.array([number for number, _ in chosen], np.uint64), counts)
        return Rows(values, numbers, np.zeros(len(numbers), np.uint32))


def is_usable(signal: Signal) -> bool:
    """Whether its quality, where there is one, tells pictures apart."""
    return signal.quality is None or signal.quality >= USABLE_QUALITY
