"""Rows of hashes for the tests of the index."""

import numpy as np

from amparo.detect.index import Rows


def rows(values: np.ndarray, first: int = 0, lists: int = 1) -> Rows:
    """`values` uint8[N, W] under the numbers from `first` on, on `lists` lists in turn."""
    numbers = np.arange(first, first + len(values), dtype=np.uint64)
    return Rows(values, numbers, (numbers % np.uint64(lists)).astype(np.uint32))


def random_rows(seed: int, count: int, first: int = 0, *, width: int = 32) -> Rows:
    values = np.random.default_rng(seed).integers(0, 256, (count, width), np.uint8)
    return rows(values, first)


def changed(value: np.ndarray, bits: int, seed: int = 1) -> np.ndarray:
    """uint8[32] with so many bits changed, as a query uint64[1, 4]."""
    unpacked = np.unpackbits(value)
    unpacked[np.random.default_rng(seed).choice(256, bits, replace=False)] ^= 1
    return np.packbits(unpacked).view(np.uint64).reshape(1, 4)
