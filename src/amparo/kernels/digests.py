"""Equal digests in a sorted table, and the rows of a signal; both by binary search."""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import Whole, kernel


@kernel
def equal_rows(
    digests: NDArray[np.uint8], queries: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each of `queries` uint8[Q, W] the first equal row and the one behind the last.

    `digests` uint8[N, W] are sorted byte by byte. Returns int64[Q] twice, equal where none is.
    """
    first = np.empty(queries.shape[0], np.int64)
    behind = np.empty(queries.shape[0], np.int64)
    for query in range(queries.shape[0]):
        low, high = _around(digests, queries[query])
        place = _place(digests, queries[query], low, high)
        first[query] = place
        while place < digests.shape[0] and _order(digests[place], queries[query]) == 0:
            place += 1
        behind[query] = place
    return first, behind


@kernel
def _around(digests: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> tuple[Whole, Whole]:
    """Rows between which `wanted` stands, if it does.

    Digests are spread evenly, so it stands near where its first bytes say; where they are not, it
    is looked for in steps that double.
    """
    count = digests.shape[0]
    share = 0.0
    for place in range(min(6, wanted.shape[0])):
        share += wanted[place] / 256.0 ** (place + 1)
    low = high = min(np.int64(share * count), count)
    step = np.int64(16)
    while low > 0 and _order(digests[low - 1], wanted) >= 0:
        low = max(np.int64(0), low - step)
        step *= 2
    step = np.int64(16)
    while high < count and _order(digests[high], wanted) < 0:
        high = min(np.int64(count), high + step)
        step *= 2
    return low, high


@kernel
def _place(digests: NDArray[np.uint8], wanted: NDArray[np.uint8], low: Whole, high: Whole) -> Whole:
    """The first row from `low` to `high` that does not stand before `wanted`."""
    while low < high:
        middle = (low + high) // 2
        if _order(digests[middle], wanted) < 0:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _order(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> Whole:
    """Below 0 where `one` stands before `other`, 0 where they are equal."""
    for place in range(one.shape[0]):
        if one[place] != other[place]:
            return np.int64(one[place]) - np.int64(other[place])
    return np.int64(0)


@kernel
def rows_of_signals(
    signals: NDArray[np.uint64], by_signal: NDArray[np.uint32], wanted: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """All rows whose number in `signals` uint64[N] is one of `wanted`.

    `by_signal` uint32[N] are the rows in the order of their numbers; empty where they stand so.
    """
    capacity = 2 * wanted.shape[0] + 16
    found = 0
    rows = np.empty(capacity, np.int64)
    for number in wanted:
        low, high = 0, signals.shape[0]
        while low < high:
            middle = (low + high) // 2
            if signals[_row(by_signal, middle, signals.shape[0])] < number:
                low = middle + 1
            else:
                high = middle
        while low < signals.shape[0]:
            row = _row(by_signal, low, signals.shape[0])
            if signals[row] != number:
                break
            if found == capacity:
                capacity *= 2
                longer = np.empty(capacity, np.int64)
                longer[:found] = rows
                rows = longer
            rows[found] = row
            found += 1
            low += 1
    return rows[:found]


@kernel
def _row(by_signal: NDArray[np.uint32], place: Whole, count: Whole) -> Whole:
    if by_signal.shape[0] == 0:
        return place
    return min(np.int64(by_signal[place]), count - 1)  # only damage can be beyond


@kernel
def set_bits(bits: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
    """Set the bit of each row, counted from the lowest of each byte."""
    for row in rows:
        bits[row >> 3] |= np.uint8(1 << (row & 7))
