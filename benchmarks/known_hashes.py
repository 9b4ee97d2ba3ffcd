"""Hashes of 256 bits as a list may hold them: spread evenly, in clusters, and all too alike."""

import numpy as np
from numpy.typing import NDArray

from amparo.detect.index import Rows

Hashes = NDArray[np.uint64]

CENTRES = 100
CLUSTERED_SHARE = 20
CLUSTER_BITS = 20


def uniform(count: int) -> Hashes:
    """uint64[N, 4], spread evenly."""
    return np.random.default_rng(1).integers(0, 2**64, (count, 4), dtype=np.uint64)


def clustered(count: int) -> Hashes:
    """1 in 20 within 20 bits of one of 100 centres, which are the first 100 rows."""
    chance = np.random.default_rng(2)
    hashes = uniform(count)
    some = CENTRES + chance.choice(count - CENTRES, count // CLUSTERED_SHARE, replace=False)
    for first in range(0, len(some), 100_000):
        rows = some[first : first + 100_000]
        bits = chance.integers(0, CLUSTER_BITS + 1, len(rows))
        hashes[rows] = hashes[rows % CENTRES] ^ flips(chance, bits)
    return hashes


def degenerate(count: int) -> Hashes:
    """Every tenth all zeros but for two bits, every tenth alike in one word, the rest even."""
    chance = np.random.default_rng(3)
    hashes = uniform(count)
    hashes[::10] = flips(chance, np.full(len(hashes[::10]), 2))
    hashes[5::10, 1] = 0
    return hashes


def flips(chance: np.random.Generator, bits: NDArray[np.int64]) -> Hashes:
    """uint64[N, 4] with so many bits set in each."""
    order = chance.random((len(bits), 256), np.float32).argsort(axis=1)
    return np.packbits(order < bits[:, None], axis=1).view(np.uint64)


def rows_of(hashes: Hashes) -> Rows:
    """These, numbered from 0 on, all on one list."""
    count = len(hashes)
    values = hashes.view(np.uint8).reshape(count, 32)
    return Rows(values, np.arange(count, dtype=np.uint64), np.zeros(count, np.uint32))
