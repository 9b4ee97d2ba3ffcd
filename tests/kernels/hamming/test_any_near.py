"""Whether anything is near is what comparing everything tells."""

import numpy as np
import pytest

from amparo.kernels.hamming import any_near


def by_comparing_all(queries: np.ndarray, hashes: np.ndarray, radius_bits: int) -> list[bool]:
    return [
        any(int(np.bitwise_count(query ^ each).sum()) <= radius_bits for each in hashes)
        for query in queries
    ]


@pytest.mark.parametrize("radius_bits", [0, 10, 31])
def test_it_is_told_for_each_query(radius_bits: int) -> None:
    chance = np.random.default_rng(radius_bits)
    hashes = chance.integers(0, 2**64, (40, 4), np.uint64)
    queries = hashes[::2].copy()
    for number, query in enumerate(queries):
        for bit in chance.permutation(256)[: number * 2]:
            query[bit // 64] ^= np.uint64(1) << np.uint64(bit % 64)
    found = any_near(queries, hashes, radius_bits).tolist()
    assert found == by_comparing_all(queries, hashes, radius_bits)
    assert 0 < sum(found) < len(found)


def test_of_none_nothing_is_near() -> None:
    none, some = np.empty((0, 4), np.uint64), np.zeros((2, 4), np.uint64)
    assert any_near(some, none, 31).tolist() == [False, False]
    assert any_near(none, some, 31).tolist() == []
