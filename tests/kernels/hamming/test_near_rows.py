"""Near rows are those that plain counting of bits finds, by comparing all and through the ring."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.hamming.hashes import Known, near, random_hashes, spread

RADII = list(range(32))


def clustered(chance: np.random.Generator, count: int) -> np.ndarray:
    centres = random_hashes(chance, 5)
    hashes = random_hashes(chance, count)
    for row in range(0, count, 2):
        hashes[row] = near(chance, centres[row % 5], int(chance.integers(0, 25)))
    return hashes


def degenerate(chance: np.random.Generator, count: int) -> np.ndarray:
    hashes = random_hashes(chance, count)
    hashes[: count // 3] = 0
    hashes[count // 3 : count // 2] = ~np.uint64(0)
    hashes[count // 2 : count // 2 + count // 10, 0] = 5
    return hashes


def twins(chance: np.random.Generator, count: int) -> np.ndarray:
    return random_hashes(chance, max(1, count // 40))[
        chance.integers(0, max(1, count // 40), count)
    ]


SHAPES = {
    "uniform": random_hashes, "clustered": clustered, "degenerate": degenerate, "twins": twins,
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.sampled_from([1, 7, 31, 32, 33, 64, 500, 3000]),
    radius=st.integers(0, 31),
    other=st.integers(-1, 31),
)
def test_every_row_within_its_radius_is_found_once(
    shape: str, seed: int, count: int, radius: int, other: int
) -> None:
    chance = np.random.default_rng(seed)
    hashes = SHAPES[shape](chance, count)
    lists = chance.integers(0, 3, count).astype(np.uint32)
    gone = chance.integers(0, 256, (count + 7) // 8).astype(np.uint8)
    known = Known(hashes, lists, gone & chance.integers(0, 256, len(gone)).astype(np.uint8))
    radii = np.array([radius, other], np.int16)  # list 2 is not asked at all
    queries = np.array(
        [near(chance, hashes[chance.integers(count)], bits) for bits in
         (0, max(radius - 1, 0), radius, radius + 1, 200)]
    )  # fmt: skip
    expected = known.counted(queries, radii)
    assert known.by_comparing(queries, radii) == expected
    of_many, left = known.of_many(queries, radii)
    assert of_many == [each for each in expected if each[0] not in left]
    for number, query in enumerate(queries):
        found = known.by_ring(query, radii)
        assert found in (None, [(row, bits) for asked, row, bits in expected if asked == number])
        assert found is not None or shape != "uniform" or count < 500


@pytest.fixture(scope="module")
def uniform() -> Known:
    return Known(random_hashes(np.random.default_rng(5), 60_000))


@pytest.mark.parametrize("radius", RADII)
def test_no_spread_of_the_difference_over_chunks_is_missed(uniform: Known, radius: int) -> None:
    """All that a pigeonhole argument could miss: even, in bursts, alternating, on both ends."""
    chance = np.random.default_rng(radius)
    patterns = [[0] * 16 for _ in range(6)]
    for bit in range(radius):
        patterns[0][bit % 16] += 1  # one in each chunk, then the second ones
        patterns[1][bit // 16 if radius > 16 else bit % 16] += 1  # all in the first two
        patterns[2][(2 * bit) % 16] += 1 if patterns[2][(2 * bit) % 16] < 16 else 0
        patterns[3][15 - bit % 16] += 1
        patterns[4][(bit // 2) % 16] += 1  # pairs of two
        patterns[5][(bit // 4 * 2) % 16] += 1  # fours with a gap between
    for pattern, shift in itertools.product(patterns, range(16)):
        turned = pattern[shift:] + pattern[:shift]
        row = int(chance.integers(60_000))
        query = spread(uniform.hashes[row], turned, chance)
        found = uniform.by_ring(query, np.array([radius], np.int16))
        assert found is not None
        assert (row, sum(turned)) in found
        if sum(turned):
            found = uniform.by_ring(query, np.array([sum(turned) - 1], np.int16))
            assert found is not None
            assert row not in dict(found)


def test_nothing_is_asked_or_nothing_is_known(uniform: Known) -> None:
    query = uniform.hashes[0]
    assert uniform.by_ring(query, np.array([-1], np.int16)) == []
    assert uniform.by_ring(query, np.empty(0, np.int16)) == []
    assert Known(np.empty((0, 4), np.uint64)).by_ring(query, np.array([31], np.int16)) == []


def test_where_buckets_are_full_thresholds_move_and_few_rows_are_looked_at() -> None:
    """Half of all rows share four chunks; those of the other twelve still tell them apart."""
    chance = np.random.default_rng(3)
    hashes = random_hashes(chance, 400_000)
    hashes[::2, 0] = 7
    known = Known(hashes)
    query = near(chance, hashes[2], 20)
    assert known.by_ring(query, np.array([20], np.int16)) == [(2, 20)]
    found = known.by_ring(query, np.array([31], np.int16))
    truth = [(row, bits) for _, row, bits in known.counted(query[None], np.array([31]))]
    assert found in (None, truth)


def test_where_all_rows_are_alike_they_are_better_compared() -> None:
    known = Known(np.zeros((20_000, 4), np.uint64))
    query = np.zeros((1, 4), np.uint64)
    radii = np.array([31], np.int16)
    assert known.by_ring(query[0], radii) is None
    assert known.of_many(query, radii) == ([], [0])
    assert len(known.by_comparing(query, radii)) == 20_000


def test_damaged_tables_hide_rows_at_worst(uniform: Known) -> None:
    """Whatever stands in the tables, only rows that are truly near are told."""
    chance = np.random.default_rng(9)
    radii = np.array([31], np.int16)
    damaged = Known(uniform.hashes[:5000])
    damaged.offsets[:] = chance.integers(0, 2**32, damaged.offsets.shape, dtype=np.uint32)
    damaged.rows[:] = chance.integers(0, 2**32, damaged.rows.shape, dtype=np.uint32)
    damaged.sketches[:] = chance.integers(0, 2**16, damaged.sketches.shape, dtype=np.uint16)
    for row in range(100):
        truth = {each for _, each, _ in damaged.counted(damaged.hashes[row : row + 1], radii)}
        found = damaged.by_ring(damaged.hashes[row], radii) or []
        assert {each for each, _ in found} <= truth
    many, _ = damaged.of_many(damaged.hashes[:100], radii)
    assert {(asked, row) for asked, row, _ in many} <= {
        (asked, row) for asked, row, _ in damaged.counted(damaged.hashes[:100], radii)
    }
