"""Equal digests, by binary search in a sorted table of fixed width."""

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Invalid
from amparo.detect.index.model import Hits


class DigestTable:
    """Known digests of one algorithm: uint8[N, width], and the signal number uint64[N] of each.

    Raises Invalid where these are of unequal number.
    """

    def __init__(self, digests: NDArray[np.uint8], signals: NDArray[np.uint64]) -> None:
        if len(digests) != len(signals):
            raise Invalid("A table needs as many signal numbers as digests.")
        keys = _keys(digests)
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self._signals = np.ascontiguousarray(signals, np.uint64)[order]

    def __len__(self) -> int:
        return len(self._keys)

    def search(self, digests: NDArray[np.uint8]) -> Hits:
        """Known digests equal to `digests` uint8[Q, width]; all distances are 0."""
        if not len(self._keys):
            nothing = np.empty(0, np.int64)
            return Hits(nothing, nothing.astype(np.uint64), nothing.astype(np.uint8))
        asked = _keys(digests)
        first = np.searchsorted(self._keys, asked, side="left")
        after = np.searchsorted(self._keys, asked, side="right")
        queries = np.repeat(np.arange(len(asked)), after - first)
        rows = np.concatenate(
            [np.arange(start, stop) for start, stop in zip(first, after, strict=True)]
            or [np.empty(0, np.int64)]
        )
        return Hits(queries, self._signals[rows], np.zeros(len(rows), np.uint8))


def _keys(digests: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Each digest as one value that compares byte by byte, S[N]."""
    rows = np.ascontiguousarray(digests, np.uint8)
    # A trailing byte of 1 keeps NumPy from dropping zeros at the end of a value.
    framed = np.ones((len(rows), rows.shape[1] + 1), np.uint8)
    framed[:, :-1] = rows
    return framed.view(f"S{rows.shape[1] + 1}").ravel()
