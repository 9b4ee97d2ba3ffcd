"""Lists made ready to be searched: an index for near hashes, a table for each kind of digest."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from amparo.detect.hashing.model import USABLE_QUALITY, Algorithm
from amparo.detect.index import DigestTable, NearIndex, NearTable, Rows
from amparo.detect.lists.model import KnownList, Signal

Entry = tuple[str, Signal]


class KnownSignals:
    """The live signals of some lists, each under a number that the index gives back."""

    def __init__(self, lists: Sequence[KnownList], *, now: datetime) -> None:
        """Signals that have expired by `now`, and hashes of poor quality, are left out."""
        self.left_out = 0
        self._entries: list[Entry] = []
        for known in lists:
            for signal in known.signals:
                if signal.is_live(now) and _is_usable(signal):
                    self._entries.append((known.name, signal))
                else:
                    self.left_out += 1
        self.near: NearIndex = NearTable.of(self._rows(Algorithm.PDQ))
        self.digests = {
            algorithm: DigestTable.of(self._rows(algorithm))
            for algorithm in Algorithm
            if algorithm.is_exact
        }

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, number: int) -> Entry:
        """The list's name and the signal that were given `number`."""
        return self._entries[number]

    def _rows(self, algorithm: Algorithm) -> Rows:
        """The hashes of one algorithm's signals, all as of one list."""
        chosen = [
            (number, signal.value)
            for number, (_, signal) in enumerate(self._entries)
            if signal.algorithm is algorithm
        ]
        joined = bytes.fromhex("".join(value for _, value in chosen))
        values = np.frombuffer(joined, np.uint8).reshape(-1, algorithm.digits // 2)
        numbers = np.array([number for number, _ in chosen], np.uint64)
        return Rows(values, numbers, np.zeros(len(chosen), np.uint32))


def _is_usable(signal: Signal) -> bool:
    return signal.quality is None or signal.quality >= USABLE_QUALITY
