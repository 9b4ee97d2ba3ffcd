"""Load and compile what matching needs, before the first question."""

import numpy as np

from amparo.detect.index import DigestTable, NearTable, Rows
from amparo.detect.index.near import MANY_QUERIES, SHORTEST_RING_ROWS


def warm_up(*, long: bool = True) -> None:
    """Search a short table and a `long` one, with one query and with many; and one of digests."""
    for count in (9, SHORTEST_RING_ROWS) if long else (9,):
        hashes = np.random.default_rng(1).integers(0, 256, (count, 32), np.uint8)
        numbers = np.arange(count, dtype=np.uint64)
        table = NearTable.of(Rows(hashes, numbers, np.zeros(count, np.uint32)))
        table.search(hashes[:1].view(np.uint64), 31)
        table.search(np.zeros((MANY_QUERIES, 4), np.uint64), 31)
    some = Rows(hashes[:9, :16], numbers[:9], np.zeros(9, np.uint32))
    DigestTable.of(some).search(some.values)
