"""Near hashes by comparing with every row: for short lists, and where data is too odd to be cut."""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import Whole, kernel
from amparo.kernels.hamming.lanes import popcount
from amparo.kernels.hamming.rows import counted, grown, largest_radius

_ROWS_AT_A_TIME = 4096
"""128 KiB of hashes, which stay in the processor's cache for all queries."""


@kernel
def near_rows(
    queries: NDArray[np.uint64],
    hashes: NDArray[np.uint64],
    lists: NDArray[np.uint32],
    gone: NDArray[np.uint8],
    radii: NDArray[np.int16],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """Every pair of a query, of uint64[Q, 4], and a row within the radius of that row's list.

    Returns three arrays of equal length, in no order: numbers of queries, numbers of rows,
    distances.
    """
    largest = largest_radius(radii)
    capacity = 2 * _ROWS_AT_A_TIME
    found = np.int64(0)
    query_numbers = np.empty(capacity, np.int64)
    row_numbers = np.empty(capacity, np.int64)
    distances = np.empty(capacity, np.uint8)
    for first in range(0, hashes.shape[0], _ROWS_AT_A_TIME):
        last = min(first + _ROWS_AT_A_TIME, hashes.shape[0])
        for query in range(queries.shape[0]):
            if found + _ROWS_AT_A_TIME > capacity:
                capacity *= 2
                query_numbers = grown(query_numbers, capacity)
                row_numbers = grown(row_numbers, capacity)
                distances = grown(distances, capacity)
            more = _compare(
                queries[query], hashes, first, last, largest,
                row_numbers[found:], distances[found:],
            )  # fmt: skip
            query_numbers[found : found + more] = query
            found += more
    query_numbers = query_numbers[:found]
    row_numbers = row_numbers[:found]
    distances = distances[:found]
    hits = counted(row_numbers, distances, lists, gone, radii)
    if not hits.all():
        return query_numbers[hits], row_numbers[hits], distances[hits]
    return query_numbers, row_numbers, distances


@kernel
def _compare(
    query: NDArray[np.uint64],
    hashes: NDArray[np.uint64],
    first: Whole,
    last: Whole,
    largest: Whole,
    row_numbers: NDArray[np.int64],
    distances: NDArray[np.uint8],
) -> Whole:
    """Write those of some rows that are near, for all of which there is room; how many they are."""
    found = 0
    a, b, c, d = query[0], query[1], query[2], query[3]
    for row in range(first, last):
        # Two of four words are a lower bound that turns nearly every row away.
        distance = np.int64(popcount(a ^ hashes[row, 0]) + popcount(b ^ hashes[row, 1]))
        if distance > largest:
            continue
        distance += np.int64(popcount(c ^ hashes[row, 2]) + popcount(d ^ hashes[row, 3]))
        if distance <= largest:
            row_numbers[found] = row
            distances[found] = distance
            found += 1
    return found
