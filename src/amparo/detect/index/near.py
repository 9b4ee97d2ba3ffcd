"""Near hashes by comparing with every known one: exact, and fast enough for short lists."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Invalid
from amparo.detect.index.model import Hits, checked_radius
from amparo.kernels.hamming import near_rows


class BruteForceIndex:
    """Known hashes uint64[N, 4], the signal number uint64[N] and list number uint32[N] of each.

    Raises Invalid where these are of unequal number.
    """

    def __init__(
        self,
        hashes: NDArray[np.uint64],
        signals: NDArray[np.uint64],
        lists: NDArray[np.uint32],
    ) -> None:
        self._hashes = np.ascontiguousarray(hashes, np.uint64).reshape(-1, 4)
        self._signals = np.ascontiguousarray(signals, np.uint64)
        self._lists = np.ascontiguousarray(lists, np.uint32)
        if not len(self._hashes) == len(self._signals) == len(self._lists):
            raise Invalid("An index needs as many signal and list numbers as hashes.")

    def __len__(self) -> int:
        return len(self._hashes)

    def search(self, queries: NDArray[np.uint64], radius_bits: int | Mapping[int, int]) -> Hits:
        """Known hashes near `queries` uint64[Q, 4]; see `NearIndex`."""
        queries = np.ascontiguousarray(queries, np.uint64).reshape(-1, 4)
        hashes, signals, radii = self._hashes, self._signals, None
        if isinstance(radius_bits, int):
            radii = np.full(len(hashes), checked_radius(radius_bits), np.uint8)
        else:
            asked = np.isin(self._lists, list(radius_bits))
            hashes, signals = hashes[asked], signals[asked]
            by_list = {number: checked_radius(radius) for number, radius in radius_bits.items()}
            radii = np.array([by_list[int(number)] for number in self._lists[asked]], np.uint8)
        found, rows, distances = near_rows(queries, hashes, radii)
        return Hits(found, signals[rows], distances)
