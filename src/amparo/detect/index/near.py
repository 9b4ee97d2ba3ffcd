"""One table of near hashes: compared one by one while it is short, through a ring index beyond."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Invalid
from amparo.detect.index.model import NO_HITS, Hits, Radii, Rows, radii_by_list
from amparo.kernels.hamming import (
    BUCKETS,
    CHUNKS,
    near_rows,
    near_rows_by_ring,
    near_rows_of_many,
    ring_table,
    sketches_a_chunk,
)

SHORTEST_RING_ROWS = 4096
"""Below this, comparing all rows takes less time than opening the buckets."""

MANY_QUERIES = 256
_MANY_AT_A_TIME = 4096


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class NearTable:
    """Hashes uint64[N, 4] by ascending signal number, and what finds those near a query.

    `tables` are `offsets`, `sketches` and `rows` of all chunks; none where the table is short.
    `gone` uint8[⌈N / 8⌉] has a bit for each withdrawn row.
    """

    hashes: NDArray[np.uint64]
    signals: NDArray[np.uint64]
    lists: NDArray[np.uint32]
    gone: NDArray[np.uint8]
    largest_list: int
    tables: tuple[NDArray[np.uint32], NDArray[np.uint16], NDArray[np.uint32]] | None

    @classmethod
    def of(cls, rows: Rows) -> Self:
        """A table in memory."""
        if rows.values.shape[1] != 32:
            raise Invalid("Near hashes have 32 bytes each.")
        order = np.argsort(rows.signals, kind="stable")
        hashes = np.ascontiguousarray(rows.values[order]).view(np.uint64)
        tables = None
        if len(hashes) >= SHORTEST_RING_ROWS:
            parts = list(ring_tables(hashes))
            offsets, sketches, by_bucket = (np.concatenate(one) for one in zip(*parts, strict=True))
            tables = offsets.reshape(CHUNKS, -1), sketches, by_bucket
        lists = rows.lists[order]
        gone = np.zeros((len(hashes) + 7) // 8, np.uint8)
        largest = int(lists.max()) if len(lists) else 0
        return cls(hashes, rows.signals[order], lists, gone, largest, tables)

    def __len__(self) -> int:
        return len(self.hashes)

    def search(self, queries: NDArray[np.uint64], radius_bits: Radii) -> Hits:
        """Known hashes near `queries` uint64[Q, 4]; see `NearIndex`."""
        queries = np.ascontiguousarray(queries, np.uint64).reshape(-1, 4)
        known = self.hashes, self.lists, self.gone, radii_by_list(radius_bits, self.largest_list)
        if self.tables is None:
            return Hits.of([self._hits(*near_rows(queries, *known))])
        parts = []
        alone: Iterable[int] = range(len(queries))
        if len(queries) >= MANY_QUERIES:
            left = []
            for first in range(0, len(queries), _MANY_AT_A_TIME):
                some = queries[first : first + _MANY_AT_A_TIME]
                found, rows, distances, odd = near_rows_of_many(some, *known, *self.tables)
                parts.append(self._hits(found + first, rows, distances))
                left.append(odd + first)
            alone = np.concatenate(left).tolist()
        for number in alone:
            query = queries[number]
            rows, distances, was_faster = near_rows_by_ring(query, *known, *self.tables)
            if not was_faster:
                _, rows, distances = near_rows(query.reshape(1, 4), *known)
            if len(rows):
                parts.append(self._hits(np.full(len(rows), number), rows, distances))
        return Hits.of(parts) if parts else NO_HITS

    def _hits(
        self, queries: NDArray[np.int64], rows: NDArray[np.int64], distances: NDArray[np.uint8]
    ) -> Hits:
        return Hits(queries, self.signals[rows], distances)


def ring_tables(
    hashes: NDArray[np.uint64],
) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.uint16], NDArray[np.uint32]]]:
    """Offsets, sketches and rows of one chunk of uint64[N, 4] after the other."""
    for chunk in range(CHUNKS):
        tables = (
            np.zeros(BUCKETS + 1, np.uint32),
            np.zeros(sketches_a_chunk(len(hashes)), np.uint16),
            np.zeros(len(hashes), np.uint32),
        )
        ring_table(hashes, chunk, *tables)
        yield tables


def table_shapes(count: int) -> dict[str, tuple[tuple[int, ...], type[np.generic]]]:
    """Shape and dtype of what `ring_tables` gives for so many rows, all chunks together."""
    return {
        "offsets": ((CHUNKS, BUCKETS + 1), np.uint32),
        "sketches": ((CHUNKS * int(sketches_a_chunk(count)),), np.uint16),
        "rows": ((CHUNKS * count,), np.uint32),
    }
