"""Near hashes of many queries at once: each region of the tables is fetched once for all."""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import Whole, kernel
from amparo.kernels.hamming.lanes import prefetch
from amparo.kernels.hamming.probes import MOST_PROBES, candidates, is_skewed, probes
from amparo.kernels.hamming.ring import first_viable
from amparo.kernels.hamming.rows import counted, distance_bits, grown, largest_radius
from amparo.kernels.hamming.tables import BUCKETS, CHUNKS, chunk_of
from amparo.kernels.hamming.thresholds import even_thresholds

_REGION = 16
"""Buckets whose queries are answered together, in no order among them."""

_ROWS_AHEAD = 32


@kernel
def near_rows_of_many(
    queries: NDArray[np.uint64],
    hashes: NDArray[np.uint64],
    lists: NDArray[np.uint32],
    gone: NDArray[np.uint8],
    radii: NDArray[np.int16],
    offsets: NDArray[np.uint32],
    sketches: NDArray[np.uint16],
    rows: NDArray[np.uint32],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """What `near_rows_by_ring` finds for each of uint64[Q, 4], in no order.

    Returns three arrays of equal length: numbers of queries, numbers of rows, distances; and
    the numbers of those queries that were left out, because they hit fuller buckets than others.
    Some thousand queries at a time are best.
    """
    capacity = 64
    hits = 0
    hit_queries = np.empty(capacity, np.int64)
    hit_rows = np.empty(capacity, np.int64)
    hit_distances = np.empty(capacity, np.uint8)
    radius_bits = largest_radius(radii)
    thresholds = even_thresholds(radius_bits)
    even = _evenly_spread(queries, thresholds, offsets, hashes.shape[0], radius_bits)
    asked = np.flatnonzero(even)
    for chunk in range(CHUNKS):
        if thresholds[chunk] < 0 or asked.shape[0] == 0 or hashes.shape[0] == 0:
            continue
        found, found_of = _found_in(
            chunk, queries, asked, thresholds, offsets[chunk], hashes.shape[0], sketches
        )
        _fetch_rows(found, rows, hashes)
        for number in range(found.shape[0]):
            if number + _ROWS_AHEAD < found.shape[0]:
                prefetch(hashes.reshape(-1), 4 * found[number + _ROWS_AHEAD])
            row, query = found[number], found_of[number]
            distance = distance_bits(hashes, row, queries[query])
            if distance > radius_bits:
                continue
            if first_viable(hashes[row], queries[query], thresholds) != chunk:
                continue
            if hits == capacity:
                capacity *= 2
                hit_queries = grown(hit_queries, capacity)
                hit_rows = grown(hit_rows, capacity)
                hit_distances = grown(hit_distances, capacity)
            hit_queries[hits] = query
            hit_rows[hits] = row
            hit_distances[hits] = distance
            hits += 1
    hit_queries = hit_queries[:hits]
    hit_rows = hit_rows[:hits]
    hit_distances = hit_distances[:hits]
    is_hit = counted(hit_rows, hit_distances, lists, gone, radii)
    return hit_queries[is_hit], hit_rows[is_hit], hit_distances[is_hit], np.flatnonzero(~even)


@kernel
def _evenly_spread(
    queries: NDArray[np.uint64],
    thresholds: NDArray[np.int64],
    offsets: NDArray[np.uint32],
    count: Whole,
    radius_bits: Whole,
) -> NDArray[np.bool_]:
    """bool[Q]: which queries hit no bucket that is fuller than others."""
    even = np.ones(queries.shape[0], np.bool_)
    if radius_bits < 0 or count == 0:
        return even
    found = np.empty((MOST_PROBES, 5), np.int64)
    chunks = np.empty(CHUNKS, np.uint16)
    for query in range(queries.shape[0]):
        for chunk in range(CHUNKS):
            chunks[chunk] = chunk_of(queries[query], chunk)
        _, seen = probes(chunks, thresholds, offsets, count, found)
        even[query] = not is_skewed(thresholds, seen, count)
    return even


@kernel
def _found_in(
    chunk: Whole,
    queries: NDArray[np.uint64],
    asked: NDArray[np.int64],
    thresholds: NDArray[np.int64],
    starts: NDArray[np.uint32],
    count: Whole,
    sketches: NDArray[np.uint16],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Candidates of one chunk: places in the flat table of rows, and whose they are."""
    following = (chunk + 1) % CHUNKS
    most = thresholds[chunk] + thresholds[following] + 1
    buckets, bucket_of = _by_region(chunk, queries, asked, thresholds[chunk])
    found = np.empty((buckets.shape[0], 5), np.int64)
    probe = 0
    seen = np.int64(0)
    for number in range(buckets.shape[0]):
        bucket, query = buckets[number], bucket_of[number]
        start = min(np.int64(starts[bucket]), count)
        stop = min(np.int64(starts[bucket + 1]), count)
        if stop <= start:
            continue
        flipped = bucket != np.int64(chunk_of(queries[query], chunk))
        found[probe, 0] = chunk
        found[probe, 1] = start
        found[probe, 2] = stop
        found[probe, 3] = most - flipped
        found[probe, 4] = chunk_of(queries[query], following)
        bucket_of[probe] = query
        probe += 1
        seen += stop - start
    places, place_of = candidates(found, probe, seen, count, sketches)
    for number in range(places.shape[0]):
        place_of[number] = bucket_of[place_of[number]]
    return places, place_of


@kernel
def _by_region(
    chunk: Whole, queries: NDArray[np.uint64], asked: NDArray[np.int64], threshold: Whole
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The buckets that the queries look into, sorted by region, and whose they are."""
    each = 17 if threshold == 1 else 1
    regions = BUCKETS // _REGION
    place = np.zeros(regions + 1, np.int64)
    for query in asked:
        value = np.int64(chunk_of(queries[query], chunk))
        for flip in range(each):
            bucket = value ^ (1 << (flip - 1)) if flip else value
            place[bucket // _REGION + 1] += 1
    for region in range(regions):
        place[region + 1] += place[region]
    buckets = np.empty(asked.shape[0] * each, np.int64)
    bucket_of = np.empty(asked.shape[0] * each, np.int64)
    for query in asked:
        value = np.int64(chunk_of(queries[query], chunk))
        for flip in range(each):
            bucket = value ^ (1 << (flip - 1)) if flip else value
            at = place[bucket // _REGION]
            place[bucket // _REGION] += 1
            buckets[at] = bucket
            bucket_of[at] = query
    return buckets, bucket_of


@kernel
def _fetch_rows(
    places: NDArray[np.int64], rows: NDArray[np.uint32], hashes: NDArray[np.uint64]
) -> None:
    """Replace each place in the flat table by the row that stands there."""
    for number in range(places.shape[0]):
        row = np.int64(rows[places[number]])
        places[number] = row if row < hashes.shape[0] else 0  # only damage can be beyond
