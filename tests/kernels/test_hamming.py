"""Near rows are those that plain counting of bits finds."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from amparo.kernels.hamming import near_rows


def counted(
    queries: np.ndarray, hashes: np.ndarray, radii: np.ndarray
) -> list[tuple[int, int, int]]:
    distances = np.bitwise_count(queries[:, None] ^ hashes[None]).sum(axis=2)
    return [
        (int(q), int(row), int(distances[q, row]))
        for q, row in zip(*np.nonzero(distances <= radii), strict=True)
    ]


def near(chance: np.random.Generator, value: np.ndarray, bits: int) -> np.ndarray:
    """`value` uint64[4] with exactly `bits` bits changed."""
    flips = np.zeros(256, np.uint8)
    flips[chance.choice(256, bits, replace=False)] = 1
    return value ^ np.packbits(flips).view(np.uint64)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), radius=st.integers(0, 31))
def test_every_row_within_its_radius_is_found(seed: int, radius: int) -> None:
    chance = np.random.default_rng(seed)
    queries = chance.integers(0, 2**63, (3, 4)).astype(np.uint64)
    rows = [near(chance, queries[k % 3], bits) for k in range(100) for bits in (radius, radius + 1)]
    hashes = np.array([*rows, *np.zeros((3, 4), np.uint64)])
    radii = np.full(len(hashes), radius, np.uint8)
    radii[::7] = 0
    found = near_rows(queries, hashes, radii)
    expected = counted(queries, hashes, radii)
    assert list(zip(*(each.tolist() for each in found), strict=True)) == expected
