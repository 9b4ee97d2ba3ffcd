"""The delta: rows that are in no segment yet, in memory, searchable as soon as they are added."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from amparo.detect.index.exact import is_gone
from amparo.detect.index.measured import Measure, Measured, near_by_measure
from amparo.detect.index.model import NEAR, WIDTH_BYTES, Hits, Radii, Rows, radii_by_list
from amparo.kernels.digests import set_bits
from amparo.kernels.hamming import near_rows

_SMALLEST = 1024


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class _Seen:
    """What one search sees from its beginning to its end: the first `count` rows of the arrays.

    Rows behind them may be written meanwhile; `gone` uint8[≥ ⌈count / 8⌉] never is.
    """

    count: int
    largest_list: int
    values: NDArray[np.uint8]
    signals: NDArray[np.uint64]
    lists: NDArray[np.uint32]
    gone: NDArray[np.uint8]

    @classmethod
    def none(cls, width_bytes: int, capacity: int) -> Self:
        return cls(
            0,
            0,
            np.empty((capacity, width_bytes), np.uint8),
            np.empty(capacity, np.uint64),
            np.empty(capacity, np.uint32),
            np.zeros((capacity + 7) // 8, np.uint8),
        )


class DeltaTable:
    """Rows of one kind. One thread changes them; any number search meanwhile."""

    def __init__(self, kind: str, width_bytes: int) -> None:
        self._by_measure = kind not in WIDTH_BYTES
        self._is_near = kind == NEAR
        self._seen = _Seen.none(width_bytes, _SMALLEST)
        self._by_value: dict[bytes, list[int]] = {}

    def __len__(self) -> int:
        return self._seen.count

    def change(self, added: Rows, withdrawn: NDArray[np.uint64]) -> None:
        """Withdraw rows of these signals and add others: a search sees both or neither."""
        if not len(added) and not (self._seen.count and len(withdrawn)):
            return
        old = self._with_room(len(added))
        first, behind = old.count, old.count + len(added)
        gone = old.gone
        if len(withdrawn):
            gone = gone.copy()
            set_bits(gone, np.flatnonzero(np.isin(old.signals[:first], withdrawn)))
        old.values[first:behind] = added.values
        old.signals[first:behind] = added.signals
        old.lists[first:behind] = added.lists
        if not self._is_near and not self._by_measure:
            for row, value in enumerate(added.values, first):
                self._by_value.setdefault(value.tobytes(), []).append(row)
        largest = max(old.largest_list, int(added.lists.max(initial=0)))
        self._seen = replace(old, count=behind, largest_list=largest, gone=gone)

    def near(self, queries: NDArray[np.uint64], radius_bits: Radii) -> Hits:
        """Rows near `queries` uint64[Q, 4]."""
        seen = self._seen
        found, rows, distances = near_rows(
            queries,
            seen.values[: seen.count].view(np.uint64),
            seen.lists[: seen.count],
            seen.gone,
            radii_by_list(radius_bits, seen.largest_list),
        )
        return Hits(found, seen.signals[rows], distances)

    def equal(self, digests: NDArray[np.uint8], lists: frozenset[int] | None) -> Hits:
        """Rows equal to `digests` uint8[Q, W]."""
        seen = self._seen
        found = [
            (query, row)
            for query, digest in enumerate(digests)
            for row in self._by_value.get(digest.tobytes(), ())
            if row < seen.count and (lists is None or int(seen.lists[row]) in lists)
        ]
        queries = np.array([query for query, _ in found], np.int64)
        rows = np.array([row for _, row in found], np.int64)
        there = ~is_gone(seen.gone, rows)
        rows = rows[there]
        return Hits(queries[there], seen.signals[rows], np.zeros(len(rows), np.uint8))

    def measured(
        self, queries: NDArray[np.uint8], radii: Mapping[int, int], measure: Measure
    ) -> Hits:
        """Rows within the radius of each list by a measure, of `queries` uint8[Q, W]."""
        seen = self._seen
        count = seen.count
        return near_by_measure(
            queries,
            Measured(seen.values[:count], seen.signals[:count], seen.lists[:count], seen.gone),
            radii,
            measure,
        )

    @property
    def width_bytes(self) -> int:
        """Of each value."""
        return int(self._seen.values.shape[1])

    def left(self) -> Rows:
        """The rows that were not withdrawn."""
        seen = self._seen
        there = np.flatnonzero(~is_gone(seen.gone, np.arange(seen.count)))
        return Rows(seen.values[there], seen.signals[there], seen.lists[there])

    def _with_room(self, more: int) -> _Seen:
        """What is seen, in arrays that have room for so many rows more."""
        seen = self._seen
        least = seen.count + more
        if least <= len(seen.values):
            return seen
        larger = _Seen.none(self.width_bytes, max(2 * len(seen.values), least))
        for name in ("values", "signals", "lists", "gone"):
            old = getattr(seen, name)
            getattr(larger, name)[: len(old)] = old
        return replace(larger, count=seen.count, largest_list=seen.largest_list)
