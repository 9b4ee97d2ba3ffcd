"""Hamming distances between hashes of 256 bits."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from amparo.kernels.compiling import kernel


def _popcount_of(typing_context: Any, word: Any) -> Any:  # noqa: ARG001 (numba names them)
    """The set bits of a uint64, as the processor's own instruction."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


_popcount = cast(Callable[[np.uint64], np.uint64], intrinsic(_popcount_of))


@kernel
def near_rows(
    queries: NDArray[np.uint64], hashes: NDArray[np.uint64], radius_bits: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """Every pair of a query and a row within that row's radius, by comparing all with all.

    `queries` uint64[Q, 4], `hashes` uint64[N, 4], `radius_bits` uint8[N]. Returns three arrays of
    equal length, by query and then by row: numbers of queries, numbers of rows, distances.
    """
    capacity = 64
    found = 0
    query_numbers = np.empty(capacity, np.int64)
    row_numbers = np.empty(capacity, np.int64)
    distances = np.empty(capacity, np.uint8)
    for q in range(queries.shape[0]):
        a, b, c, d = queries[q, 0], queries[q, 1], queries[q, 2], queries[q, 3]
        for row in range(hashes.shape[0]):
            # Two of four words are a lower bound that turns nearly every row away.
            distance = _popcount(a ^ hashes[row, 0]) + _popcount(b ^ hashes[row, 1])
            if distance > radius_bits[row]:
                continue
            distance += _popcount(c ^ hashes[row, 2]) + _popcount(d ^ hashes[row, 3])
            if distance > radius_bits[row]:
                continue
            if found == capacity:
                capacity *= 2
                query_numbers = _grown(query_numbers, capacity)
                row_numbers = _grown(row_numbers, capacity)
                distances = _grown(distances, capacity)
            query_numbers[found] = q
            row_numbers[found] = row
            distances[found] = distance
            found += 1
    return query_numbers[:found], row_numbers[:found], distances[:found]


@kernel
def _grown(array: NDArray[Any], capacity: int) -> NDArray[Any]:
    larger = np.empty(capacity, array.dtype)
    larger[: array.shape[0]] = array
    return larger
