"""Equal digests, by binary search in a sorted table of fixed width."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Invalid
from amparo.detect.index.model import Hits, Rows
from amparo.kernels.digests import equal_rows


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class DigestTable:
    """Known digests uint8[N, W] in ascending order, their signals, lists and withdrawn rows.

    `by_signal` uint32[N] are the rows in the order of their signal numbers.
    """

    digests: NDArray[np.uint8]
    signals: NDArray[np.uint64]
    lists: NDArray[np.uint32]
    gone: NDArray[np.uint8]
    by_signal: NDArray[np.uint32]

    @classmethod
    def of(cls, rows: Rows) -> Self:
        """A table in memory."""
        order = in_order(rows.values)
        signals = rows.signals[order]
        return cls(
            np.ascontiguousarray(rows.values[order]),
            signals,
            rows.lists[order],
            np.zeros((len(rows) + 7) // 8, np.uint8),
            np.argsort(signals, kind="stable").astype(np.uint32),
        )

    def __len__(self) -> int:
        return len(self.digests)

    def search(self, digests: NDArray[np.uint8], lists: frozenset[int] | None = None) -> Hits:
        """Known digests equal to `digests` uint8[Q, W], on any or on those lists; at distance 0.

        Raises Invalid where the width is another.
        """
        asked = np.ascontiguousarray(digests, np.uint8)
        if asked.ndim != 2 or asked.shape[1] != self.digests.shape[1]:
            raise Invalid(f"These digests have {self.digests.shape[1]} bytes each.")
        first, behind = equal_rows(self.digests, asked)
        many = behind - first
        queries = np.repeat(np.arange(len(asked)), many)
        rows = np.arange(len(queries)) + np.repeat(first - (np.cumsum(many) - many), many)
        counted = ~is_gone(self.gone, rows)
        if lists is not None:
            counted &= np.isin(self.lists[rows], np.fromiter(lists, np.uint32, len(lists)))
        rows = rows[counted]
        return Hits(queries[counted], self.signals[rows], np.zeros(len(rows), np.uint8))


def in_order(digests: NDArray[np.uint8]) -> NDArray[np.int64]:
    """int64[N]: the rows of uint8[N, W] in ascending order, byte by byte."""
    width = -(-digests.shape[1] // 8) * 8
    padded = np.zeros((len(digests), width), np.uint8)
    padded[:, : digests.shape[1]] = digests
    words = padded.view(">u8").astype(np.uint64)
    return np.lexsort(words.T[::-1])


def is_gone(gone: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """bool[R]: which of the rows were withdrawn."""
    bits: NDArray[np.uint8] = gone[rows >> 3] >> (rows & 7).astype(np.uint8)
    return (bits & 1).astype(np.bool_)
