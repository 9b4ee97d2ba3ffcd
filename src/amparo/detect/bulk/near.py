"""Many near hashes against many signals, in portions whose hits fit into memory."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from amparo.detect.index import Hits, NearTable
from amparo.detect.index.model import NO_HITS, Radii, nearest_of_each

_LEAST, _FIRST, _MOST = 16, 256, 65_536
"""Queries at a time."""

_FEW_HITS, MANY_HITS = 250_000, 2_000_000
"""Of a portion: so few that the next is larger, and so many that it is smaller."""


def near_in_portions(table: NearTable, queries: NDArray[np.uint64], radii: Radii) -> Iterator[Hits]:
    """All hits of uint64[Q, 4], of some queries at a time: frames of videos are near each other."""
    first, size = 0, _FIRST
    while first < len(queries):
        hits = table.search(queries[first : first + size], radii)
        yield Hits(hits.queries + first, hits.signals, hits.distances)
        first += size
        if len(hits) > MANY_HITS:
            size = max(size // 4, _LEAST)
        elif len(hits) < _FEW_HITS:
            size = min(size * 4, _MOST)


class Nearest:
    """Hits that are gathered, each query's of a signal once."""

    def __init__(self) -> None:
        self._parts: list[Hits] = []
        self._count = 0
        self._limit = MANY_HITS

    def add(self, hits: Hits) -> None:
        """Take these too; what is not the nearest is let go from time to time."""
        self._parts.append(hits)
        self._count += len(hits)
        if self._count > self._limit:
            self._parts = [self.all()]
            self._count = len(self._parts[0])
            self._limit = 2 * max(self._count, MANY_HITS)

    def all(self) -> Hits:
        """What is left, by no order."""
        if not self._parts:
            return NO_HITS
        return nearest_of_each(
            Hits(
                np.concatenate([each.queries for each in self._parts]),
                np.concatenate([each.signals for each in self._parts]),
                np.concatenate([each.distances for each in self._parts]),
            )
        )
