"""How many bits each chunk may differ in, so that no hash within the radius is missed.

With thresholds T that sum up to r − 15, a hash within r bits of the query has a chunk that differs
in at most T bits, and together with the next one in at most T + T' + 1: the pigeonring principle
(Qin and Xiao, VLDB 2018). docs/explanation/near-match-index.md has the proof. −1 means that a
chunk is not looked up at all.
"""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import Whole, kernel
from amparo.kernels.hamming.tables import CHUNKS

LARGEST = 2
_CHOICES = LARGEST + 2
_PROBES = (0, 1, 17, 137)
"""How many buckets differ from one in at most −1, 0, 1 and 2 bits."""

_ROWS_A_PROBE = 16
"""A bucket costs as much as this many rows in it, empty as it may be."""


@kernel
def even_thresholds(radius_bits: Whole) -> NDArray[np.int64]:
    """int64[16]: as even as can be, which is best where rows are spread evenly."""
    total = radius_bits - CHUNKS + 1
    low = -1 if total < 0 else 0
    thresholds = np.full(CHUNKS, low)
    for chunk in range(total - low * CHUNKS):
        thresholds[chunk] += 1
    return thresholds


@kernel
def cheapest_thresholds(
    chunks: NDArray[np.uint16], offsets: NDArray[np.uint32], radius_bits: Whole
) -> NDArray[np.int64]:
    """int64[16]: those with the fewest rows to look at for a query uint16[16].

    A dynamic programme over chunks and sums, as in GPH (Qin and others, ICDE 2018).
    """
    total = radius_bits - CHUNKS + 1
    sums = CHUNKS * (LARGEST + 1) + 1  # a sum s stands at s + 16 after 16 chunks, s + c after c
    best = np.full((CHUNKS + 1, sums), np.int64(1) << 60)
    choice = np.zeros((CHUNKS + 1, sums), np.int64)
    best[0, 0] = 0
    costs = np.zeros(_CHOICES, np.int64)
    for chunk in range(CHUNKS):
        _costs(np.int64(chunks[chunk]), offsets[chunk], costs)
        for raised in range(chunk * (LARGEST + 1) + 1):
            for more in range(_CHOICES):
                cost = best[chunk, raised] + costs[more]
                if cost < best[chunk + 1, raised + more]:
                    best[chunk + 1, raised + more] = cost
                    choice[chunk + 1, raised + more] = more
    thresholds = np.empty(CHUNKS, np.int64)
    left = total + CHUNKS
    for chunk in range(CHUNKS - 1, -1, -1):
        more = choice[chunk + 1, left]
        thresholds[chunk] = more - 1
        left -= more
    return thresholds


@kernel
def _costs(value: Whole, starts: NDArray[np.uint32], costs: NDArray[np.int64]) -> None:
    """What the thresholds −1, 0, 1 and 2 cost at this chunk."""
    rows = np.zeros(_CHOICES, np.int64)
    rows[1] = _rows_in(starts, value)
    for i in range(16):
        one = value ^ (1 << i)
        rows[2] += _rows_in(starts, one)
        for j in range(i):
            rows[3] += _rows_in(starts, one ^ (1 << j))
    total = 0
    for more in range(_CHOICES):
        total += rows[more]
        costs[more] = total + _ROWS_A_PROBE * _PROBES[more]


@kernel
def _rows_in(starts: NDArray[np.uint32], bucket: Whole) -> Whole:
    return max(np.int64(starts[bucket + 1]) - np.int64(starts[bucket]), np.int64(0))
