"""The delta: rows that are in no segment yet, in memory, searchable as soon as they are added."""

import numpy as np
from numpy.typing import NDArray

from amparo.detect.index.exact import is_gone
from amparo.detect.index.model import NEAR, WIDTH_BYTES, Hits, Radii, Rows, radii_by_list
from amparo.kernels.digests import set_bits
from amparo.kernels.hamming import near_rows

_SMALLEST = 1024


class DeltaTable:
    """Rows of one kind. One thread adds and withdraws; any number search meanwhile."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._count = 0
        self._largest_list = 0
        self._values = np.empty((_SMALLEST, WIDTH_BYTES[kind]), np.uint8)
        self._signals = np.empty(_SMALLEST, np.uint64)
        self._lists = np.empty(_SMALLEST, np.uint32)
        self._gone = np.zeros(_SMALLEST // 8, np.uint8)
        self._by_value: dict[bytes, list[int]] = {}

    def __len__(self) -> int:
        return self._count

    def add(self, rows: Rows) -> None:
        """Searchable when this returns."""
        first, behind = self._count, self._count + len(rows)
        if behind > len(self._values):
            self._grow(behind)
        self._values[first:behind] = rows.values
        self._signals[first:behind] = rows.signals
        self._lists[first:behind] = rows.lists
        if len(rows):
            self._largest_list = max(self._largest_list, int(rows.lists.max()))
        self._count = behind
        if self._kind != NEAR:
            for row, value in enumerate(rows.values, first):
                self._by_value.setdefault(value.tobytes(), []).append(row)

    def withdraw(self, signals: NDArray[np.uint64]) -> None:
        """Rows of these numbers are found no more."""
        rows = np.flatnonzero(np.isin(self._signals[: self._count], signals))
        set_bits(self._gone, rows)

    def near(self, queries: NDArray[np.uint64], radius_bits: Radii) -> Hits:
        """Rows near `queries` uint64[Q, 4]."""
        count = self._count  # before the arrays, which only ever grow
        signals = self._signals
        found, rows, distances = near_rows(
            queries,
            self._values[:count].view(np.uint64),
            self._lists[:count],
            self._gone,
            radii_by_list(radius_bits, self._largest_list),
        )
        return Hits(found, signals[rows], distances)

    def equal(self, digests: NDArray[np.uint8], lists: frozenset[int] | None) -> Hits:
        """Rows equal to `digests` uint8[Q, W]."""
        found = [
            (query, row)
            for query, digest in enumerate(digests)
            for row in self._by_value.get(digest.tobytes(), ())
            if lists is None or int(self._lists[row]) in lists
        ]
        queries = np.array([query for query, _ in found], np.int64)
        rows = np.array([row for _, row in found], np.int64)
        there = ~is_gone(self._gone, rows)
        rows = rows[there]
        return Hits(queries[there], self._signals[rows], np.zeros(len(rows), np.uint8))

    def left(self) -> Rows:
        """The rows that were not withdrawn."""
        there = np.flatnonzero(~is_gone(self._gone, np.arange(self._count)))
        return Rows(self._values[there], self._signals[there], self._lists[there])

    def _grow(self, least: int) -> None:
        capacity = max(2 * len(self._values), -(-least // 8) * 8)
        for name in ("_values", "_signals", "_lists"):
            old = getattr(self, name)
            new = np.empty((capacity, *old.shape[1:]), old.dtype)
            new[: self._count] = old[: self._count]
            setattr(self, name, new)
        gone = np.zeros((capacity + 7) // 8, np.uint8)
        gone[: len(self._gone)] = self._gone
        self._gone = gone
