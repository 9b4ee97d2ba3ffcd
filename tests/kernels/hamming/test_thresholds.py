"""Thresholds have the sum that exactness needs, and no others with that sum cost less."""

import itertools

import numpy as np
import pytest

from amparo.kernels.hamming.tables import BUCKETS, CHUNKS
from amparo.kernels.hamming.thresholds import cheapest_thresholds, even_thresholds


@pytest.mark.parametrize("radius", range(32))
def test_even_ones(radius: int) -> None:
    thresholds = even_thresholds(radius)
    assert thresholds.sum() == radius - 15
    assert thresholds.max() - thresholds.min() <= 1
    assert thresholds.min() >= -1


def cost(chunks: np.ndarray, offsets: np.ndarray, thresholds: tuple[int, ...]) -> int:
    total = 0
    for chunk, threshold in enumerate(thresholds):
        value = int(chunks[chunk])
        near = [value] if threshold >= 0 else []
        for flips in range(1, threshold + 1):
            for bits in itertools.combinations(range(16), flips):
                near.append(value ^ sum(1 << bit for bit in bits))
        total += sum(int(offsets[chunk, one + 1] - offsets[chunk, one]) + 16 for one in near)
    return total


@pytest.mark.parametrize("radius", [0, 5, 15, 20, 31])
@pytest.mark.parametrize("seed", range(4))
def test_the_cheapest_are_never_beaten(radius: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    offsets = np.zeros((CHUNKS, BUCKETS + 1), np.uint32)
    sizes = chance.pareto(0.6, (CHUNKS, BUCKETS)).clip(0, 3000).astype(np.uint32)
    offsets[:, 1:] = sizes.cumsum(axis=1)
    chunks = chance.integers(0, BUCKETS, CHUNKS).astype(np.uint16)
    chosen = tuple(cheapest_thresholds(chunks, offsets, radius).tolist())
    assert sum(chosen) == radius - 15
    assert set(chosen) <= {-1, 0, 1, 2}
    least = cost(chunks, offsets, chosen)
    assert least <= cost(chunks, offsets, tuple(even_thresholds(radius).tolist()))
    for lowered, raised in itertools.permutations(range(CHUNKS), 2):
        other = list(chosen)
        other[lowered] -= 1
        other[raised] += 1
        if other[lowered] >= -1 and other[raised] <= 2:
            assert least <= cost(chunks, offsets, tuple(other))
