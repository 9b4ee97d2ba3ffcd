"""Where to look for what is near a query: the buckets of each chunk, cut into blocks of lanes."""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import Whole, kernel
from amparo.kernels.hamming.lanes import LANES, lowest, popcount, prefetch, within
from amparo.kernels.hamming.tables import BUCKETS, CHUNKS, sketches_a_chunk

MOST_PROBES = 2192
"""16 chunks, each with the 137 buckets that differ in at most two bits."""

_BLOCKS_AHEAD = 64
"""How early memory is asked for: far beyond its latency, well within the first cache."""

_ALL_LANES = np.uint32(0xFFFFFFFF)


@kernel
def probes(
    chunks: NDArray[np.uint16],
    thresholds: NDArray[np.int64],
    offsets: NDArray[np.uint32],
    count: Whole,
    found: NDArray[np.int64],
) -> tuple[Whole, Whole]:
    """Write into `found` int64[MOST_PROBES, 5] the buckets that are not empty.

    For each: its chunk, its first row, the one behind its last, both below `count` + 1 whatever
    `offsets` say; in how many bits the next chunk may differ, and from what. Returns how many
    buckets, and how many rows they hold.
    """
    probe = np.int64(0)
    rows = np.int64(0)
    for chunk in range(CHUNKS):
        most = thresholds[chunk] + thresholds[(chunk + 1) % CHUNKS] + 1
        value = np.int64(chunks[chunk])
        for flipped in range(thresholds[chunk] + 1):
            for first in range(16 if flipped else 1):
                for second in range(first if flipped == 2 else 1):
                    bucket = value
                    if flipped:
                        bucket ^= 1 << first
                    if flipped == 2:
                        bucket ^= 1 << second
                    start = min(np.int64(offsets[chunk, bucket]), count)
                    stop = min(np.int64(offsets[chunk, bucket + 1]), count)
                    if stop > start:
                        found[probe, 0] = chunk
                        found[probe, 1] = start
                        found[probe, 2] = stop
                        found[probe, 3] = most - flipped
                        found[probe, 4] = chunks[(chunk + 1) % CHUNKS]
                        probe += 1
                        rows += stop - start
    return probe, rows


@kernel
def is_skewed(thresholds: NDArray[np.int64], rows: Whole, count: Whole) -> bool:
    """Whether the buckets hold more than twice what they would if rows were spread evenly."""
    buckets = 0
    for chunk in range(CHUNKS):
        threshold = thresholds[chunk]
        buckets += 0 if threshold < 0 else 1 if threshold == 0 else 17 if threshold == 1 else 137
    return bool(rows > 2 * buckets * count // BUCKETS + 4096)


@kernel
def candidates(
    found: NDArray[np.int64],
    probe_count: Whole,
    seen: Whole,
    count: Whole,
    sketches: NDArray[np.uint16],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Those rows of the first probes in `found` whose next chunk is near too.

    Returns int64[C] twice: where in the flat table of rows they stand, and through which probe
    they were found. `seen` is how many rows the probes hold, of `count` in all.
    """
    capacity = seen // LANES + 2 * probe_count + 1
    place = np.empty(capacity, np.int64)
    lanes = np.empty(capacity, np.uint32)
    probe_of = np.empty(capacity, np.int64)
    total = _blocks(found, probe_count, count, place, lanes, probe_of)
    kept = np.int64(0)
    number = np.int64(0)
    for block in range(min(_BLOCKS_AHEAD, total)):
        prefetch(sketches, place[block])
    for block in range(total):
        prefetch(sketches, place[min(block + _BLOCKS_AHEAD, total - 1)])
        probe = probe_of[block]
        mask = lanes[block] & within(
            sketches, place[block], np.uint16(found[probe, 4]), np.uint16(found[probe, 3])
        )
        # What is kept overwrites what was read: a branch here would stop the stream.
        place[kept] = place[block]
        lanes[kept] = mask
        probe_of[kept] = probe
        kept += np.int64(mask != 0)
        number += np.int64(popcount(np.uint64(mask)))
    return _places(found, place, lanes, probe_of, kept, number, count)


@kernel
def _blocks(
    found: NDArray[np.int64],
    probe_count: Whole,
    row_count: Whole,
    place: NDArray[np.int64],
    lanes: NDArray[np.uint32],
    probe_of: NDArray[np.int64],
) -> Whole:
    """Cut the probes into aligned blocks of sketches; how many there are.

    `place`: where the block begins in the flat table. `lanes`: which of its sketches belong to
    the bucket. `probe_of`: which probe it is of.
    """
    a_chunk = sketches_a_chunk(row_count)
    block = 0
    for probe in range(probe_count):
        chunk, start, stop = found[probe, 0], found[probe, 1], found[probe, 2]
        first, last = start // LANES, (stop - 1) // LANES
        for each in range(first, last + 1):
            place[block + each - first] = chunk * a_chunk + each * LANES
            lanes[block + each - first] = _ALL_LANES
            probe_of[block + each - first] = probe
        lanes[block] &= _ALL_LANES << np.uint32(start % LANES)
        block += last - first + 1
        lanes[block - 1] &= _ALL_LANES >> np.uint32(LANES - 1 - (stop - 1) % LANES)
    return block


@kernel
def _places(
    found: NDArray[np.int64],
    place: NDArray[np.int64],
    lanes: NDArray[np.uint32],
    probe_of: NDArray[np.int64],
    kept: Whole,
    total: Whole,
    count: Whole,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sketches stand in whole blocks, rows without gaps: from the place of one to the other's."""
    gap = sketches_a_chunk(count) - count
    places = np.empty(total, np.int64)
    place_of = np.empty(total, np.int64)
    number = 0
    for block in range(kept):
        first = place[block] - found[probe_of[block], 0] * gap
        mask = lanes[block]
        while mask:
            places[number] = first + np.int64(lowest(mask))
            place_of[number] = probe_of[block]
            number += 1
            mask &= mask - np.uint32(1)
    return places, place_of
