"""Whether anything at all is near, for those who need no more: it stops at the first that is."""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import Whole, kernel
from amparo.kernels.hamming.rows import distance_bits


@kernel
def any_near(
    queries: NDArray[np.uint64], hashes: NDArray[np.uint64], radius_bits: Whole
) -> NDArray[np.bool_]:
    """bool[Q]: which of `queries` uint64[Q, 4] have one of `hashes` uint64[N, 4] that near."""
    found = np.zeros(queries.shape[0], np.bool_)
    for query in range(queries.shape[0]):
        for row in range(hashes.shape[0]):
            if distance_bits(hashes, row, queries[query]) <= radius_bits:
                found[query] = True
                break
    return found
