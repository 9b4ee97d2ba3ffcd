"""Which rows count: withdrawn ones and those of other lists do not. And arrays that grow."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import Whole, kernel
from amparo.kernels.hamming.lanes import popcount


@kernel
def distance_bits(hashes: NDArray[np.uint64], row: Whole, query: NDArray[np.uint64]) -> Whole:
    """How many bits of a row and of the query uint64[4] differ."""
    near = popcount(hashes[row, 0] ^ query[0]) + popcount(hashes[row, 1] ^ query[1])
    far = popcount(hashes[row, 2] ^ query[2]) + popcount(hashes[row, 3] ^ query[3])
    return np.int64(near + far)


@kernel
def largest_radius(radii: NDArray[np.int16]) -> Whole:
    """That of the list that is asked most widely, −1 where none is."""
    largest = np.int64(-1)
    for radius in radii:
        largest = max(largest, np.int64(radius))
    return largest


@kernel
def counted(
    rows: NDArray[np.int64],
    distances: NDArray[np.uint8],
    lists: NDArray[np.uint32],
    gone: NDArray[np.uint8],
    radii: NDArray[np.int16],
) -> NDArray[np.bool_]:
    """bool[H]: which rows at these distances are hits, being there and within their list's radius.

    All at once: to hand three arrays to a function for each row costs more than all else it does.
    """
    hits = np.empty(rows.shape[0], np.bool_)
    for number in range(rows.shape[0]):
        row = rows[number]
        its_list = np.int64(lists[row])
        radius = np.int64(radii[its_list]) if its_list < radii.shape[0] else np.int64(-1)
        there = not (gone[row >> 3] >> (row & 7)) & 1
        hits[number] = there and np.int64(distances[number]) <= radius
    return hits


@kernel
def grown(array: NDArray[Any], capacity: Whole) -> NDArray[Any]:
    """A longer array that begins as this one."""
    larger = np.empty(capacity, array.dtype)
    larger[: array.shape[0]] = array
    return larger
