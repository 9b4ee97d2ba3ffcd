"""Both indexes behind their interface: what is near, what is equal, in which lists."""

import numpy as np
import pytest

from amparo.core.errors import Invalid
from amparo.detect.index import BruteForceIndex, DigestTable, as_words

CHANCE = np.random.default_rng(7)
HASHES = CHANCE.integers(0, 256, (50, 32), dtype=np.uint8)


def index() -> BruteForceIndex:
    numbers = np.arange(50, dtype=np.uint64) + 1000
    return BruteForceIndex(as_words(HASHES), numbers, np.arange(50, dtype=np.uint32) % 3)


def changed(row: int, bits: int) -> np.ndarray:
    unpacked = np.unpackbits(HASHES[row])
    unpacked[CHANCE.choice(256, bits, replace=False)] ^= 1
    return as_words(np.packbits(unpacked))


@pytest.mark.parametrize("bits", [0, 1, 30, 31])
def test_a_hash_within_the_radius_is_found(bits: int) -> None:
    hits = index().search(changed(17, bits), 31)
    assert (hits.signals.tolist(), hits.distances.tolist()) == ([1017], [bits])


def test_a_hash_beyond_the_radius_is_not() -> None:
    assert len(index().search(changed(17, 32), 31).signals) == 0


def test_each_list_has_its_own_radius() -> None:
    queries = np.concatenate([changed(17, 9), changed(18, 9), changed(19, 9)])  # lists 2, 0, 1
    hits = index().search(queries, {2: 9, 0: 8})
    assert hits.signals.tolist() == [1017]
    assert len(index().search(queries, {}).signals) == 0


def test_too_large_a_radius_is_refused() -> None:
    with pytest.raises(Invalid, match="outside 0 to 31"):
        index().search(changed(1, 0), 32)


@pytest.mark.parametrize("width", [16, 20, 32])
def test_equal_digests_are_found_and_no_others(width: int) -> None:
    digests = CHANCE.integers(0, 3, (400, width), dtype=np.uint8)
    digests[5] = digests[3] = 0
    table = DigestTable(digests, np.arange(400, dtype=np.uint64))
    asked = np.concatenate([digests[:20], np.full((1, width), 9, np.uint8)])
    hits = table.search(asked)
    found = sorted(zip(hits.queries.tolist(), hits.signals.tolist(), strict=True))
    expected = [
        (q, row)
        for q in range(len(asked))
        for row in range(400)
        if np.array_equal(asked[q], digests[row])
    ]
    assert found == expected
    assert (0, 0) in found


def test_an_empty_table_answers() -> None:
    table = DigestTable(np.empty((0, 16), np.uint8), np.empty(0, np.uint64))
    assert len(table.search(np.zeros((1, 16), np.uint8)).signals) == 0
