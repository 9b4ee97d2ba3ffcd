"""Near hashes of one query through the ring-sketch tables: a few thousandths of the rows are seen.

Multi-index hashing (Norouzi and others, CVPR 2012) with the pigeonring's second chunk inline: the
tables are streamed in blocks without a branch, then what is left of them is fetched and verified.
"""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import Whole, kernel
from amparo.kernels.hamming.lanes import LANES, popcount, prefetch
from amparo.kernels.hamming.probes import MOST_PROBES, candidates, is_skewed, probes
from amparo.kernels.hamming.rows import counted, distance_bits, grown, largest_radius
from amparo.kernels.hamming.tables import CHUNKS, chunk_of
from amparo.kernels.hamming.thresholds import cheapest_thresholds, even_thresholds

MOST_ROWS_SHARE = 40
"""Where a query would look at more than 1 in 40 of all rows, comparing all of them is faster."""

MOST_CANDIDATES_SHARE = 160
"""And where it would fetch more than 1 in 160."""


@kernel
def near_rows_by_ring(
    query: NDArray[np.uint64],
    hashes: NDArray[np.uint64],
    lists: NDArray[np.uint32],
    gone: NDArray[np.uint8],
    radii: NDArray[np.int16],
    offsets: NDArray[np.uint32],
    sketches: NDArray[np.uint16],
    rows: NDArray[np.uint32],
) -> tuple[NDArray[np.int64], NDArray[np.uint8], bool]:
    """Rows within the radius of their list of `query` uint64[4]: numbers, distances.

    The tables are those of `ring_table`: `offsets` uint32[16, 65537], the others flat. Each row
    comes once, in no order. The last value is whether they were looked for at all: where data is
    too odd, comparing all rows by `near_rows` is faster. No radius may exceed 31. Damaged tables
    can hide rows, but nothing outside of the arrays is ever read.
    """
    count = hashes.shape[0]
    radius_bits = largest_radius(radii)
    if radius_bits < 0 or count == 0:
        return np.empty(0, np.int64), np.empty(0, np.uint8), True
    chunks = np.empty(CHUNKS, np.uint16)
    for chunk in range(CHUNKS):
        chunks[chunk] = chunk_of(query, chunk)
    found = np.empty((MOST_PROBES, 5), np.int64)
    thresholds = even_thresholds(radius_bits)
    probe_count, seen = probes(chunks, thresholds, offsets, count, found)
    if is_skewed(thresholds, seen, count):
        thresholds = cheapest_thresholds(chunks, offsets, radius_bits)
        probe_count, seen = probes(chunks, thresholds, offsets, count, found)
    if seen <= count // MOST_ROWS_SHARE + LANES:
        places, _ = candidates(found, probe_count, seen, count, sketches)
        if places.shape[0] <= count // MOST_CANDIDATES_SHARE + LANES:
            near, distances = _verified(
                query, thresholds, radius_bits, places, hashes, lists, gone, radii, rows
            )
            return near, distances, True
    return np.empty(0, np.int64), np.empty(0, np.uint8), False


@kernel
def _verified(
    query: NDArray[np.uint64],
    thresholds: NDArray[np.int64],
    radius_bits: Whole,
    places: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    lists: NDArray[np.uint32],
    gone: NDArray[np.uint8],
    radii: NDArray[np.int16],
    rows: NDArray[np.uint32],
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Those candidates that are hits, each where its first viable chunk led to it."""
    count = hashes.shape[0]
    flat = hashes.reshape(-1)
    for place in places:
        prefetch(rows, place)
    fetched = np.empty(places.shape[0], np.int64)
    for number in range(places.shape[0]):
        row = np.int64(rows[places[number]])
        fetched[number] = row if row < count else 0  # only damage can be beyond
        prefetch(flat, 4 * fetched[number])
    capacity = 16
    near = np.empty(capacity, np.int64)
    distances = np.empty(capacity, np.uint8)
    hits = 0
    for number in range(places.shape[0]):
        row = fetched[number]
        distance = distance_bits(hashes, row, query)
        if distance > radius_bits:
            continue
        if first_viable(hashes[row], query, thresholds) != places[number] // count:
            continue
        if hits == capacity:
            capacity *= 2
            near = grown(near, capacity)
            distances = grown(distances, capacity)
        near[hits] = row
        distances[hits] = distance
        hits += 1
    near = near[:hits]
    distances = distances[:hits]
    is_hit = counted(near, distances, lists, gone, radii)
    if not is_hit.all():
        return near[is_hit], distances[is_hit]
    return near, distances


@kernel
def first_viable(
    known: NDArray[np.uint64], query: NDArray[np.uint64], thresholds: NDArray[np.int64]
) -> Whole:
    """The first chunk through which a hash uint64[4] is found; others would find it again."""
    apart = np.empty(CHUNKS, np.int64)
    for chunk in range(CHUNKS):
        apart[chunk] = popcount(np.uint64(chunk_of(known, chunk) ^ chunk_of(query, chunk)))
    for chunk in range(CHUNKS):
        following = (chunk + 1) % CHUNKS
        most = thresholds[chunk] + thresholds[following] + 1
        if apart[chunk] <= thresholds[chunk] and apart[chunk] + apart[following] <= most:
            return chunk
    return -1
