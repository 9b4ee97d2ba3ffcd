"""The tables of a ring-sketch index: for each chunk of the hashes, its rows sorted by it."""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import Whole, kernel
from amparo.kernels.hamming.lanes import LANES

CHUNKS = 16
"""Of 16 bits each, little end first: chunk 0 is the lowest of the first word."""

BUCKETS = 65_536


@kernel
def sketches_a_chunk(rows: Whole) -> Whole:
    """How many sketches stand in the table of one chunk: whole blocks, and one for damage."""
    return (rows // LANES + 2) * LANES


@kernel
def chunk_of(query: NDArray[np.uint64], chunk: Whole) -> np.uint16:
    """One chunk of a hash uint64[4]."""
    word = query[chunk >> 2] >> np.uint64(16 * (chunk & 3))
    return np.uint16(word & np.uint64(0xFFFF))


@kernel
def ring_table(
    hashes: NDArray[np.uint64],
    chunk: Whole,
    starts: NDArray[np.uint32],
    sketches: NDArray[np.uint16],
    rows: NDArray[np.uint32],
) -> None:
    """Fill the table of one chunk of `hashes`; all arrays are 0 at first.

    `starts` uint32[65537]: where each bucket begins. `rows` uint32[N]: the rows by bucket.
    `sketches` uint16[sketches_a_chunk(N)]: the next chunk of each such row, so that most rows are
    turned away without being fetched. An index has the tables of all chunks, one behind the other.
    """
    for row in range(hashes.shape[0]):
        starts[np.int64(chunk_of(hashes[row], chunk)) + 1] += np.uint32(1)
    place = np.empty(BUCKETS, np.int64)
    for bucket in range(BUCKETS):
        starts[bucket + 1] += starts[bucket]
        place[bucket] = starts[bucket]
    for row in range(hashes.shape[0]):
        value = np.int64(chunk_of(hashes[row], chunk))
        at = place[value]
        place[value] += 1
        sketches[at] = chunk_of(hashes[row], (chunk + 1) % CHUNKS)
        rows[at] = row
