"""What an index takes and answers, whatever is inside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Invalid

LARGEST_RADIUS_BITS = 31
"""Up to this distance PDQ is specified to tell the same picture."""


@dataclass(frozen=True, slots=True)
class Hits:
    """What a search found: three arrays of equal length, one row a hit, by query.

    `queries` int64: which of the hashes asked for. `signals` uint64: the number under which the
    known hash was added. `distances` uint8, in bits.
    """

    queries: NDArray[np.int64]
    signals: NDArray[np.uint64]
    distances: NDArray[np.uint8]


class NearIndex(Protocol):
    """Known hashes of 256 bits, searched by Hamming distance; none within the radius is missed."""

    def __len__(self) -> int:
        """How many hashes are known."""

    def search(self, queries: NDArray[np.uint64], radius_bits: int | Mapping[int, int]) -> Hits:
        """Known hashes near `queries` uint64[Q, 4].

        `radius_bits` holds for all lists, or maps each list that is to be searched to its own.
        """


def as_words(hashes: bytes | NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Hashes of 32 bytes, one behind the other, as uint64[N, 4]; equal bits stay equal."""
    rows = np.frombuffer(bytes(hashes), np.uint8).reshape(-1, 32)
    return rows.view(np.uint64).copy()


def checked_radius(radius_bits: int) -> int:
    """The radius, refused where the promise that none is missed would end."""
    if not 0 <= radius_bits <= LARGEST_RADIUS_BITS:
        raise Invalid(
            f"A radius of {radius_bits} bits is outside 0 to {LARGEST_RADIUS_BITS}; "
            "beyond that PDQ tells no likeness."
        )
    return radius_bits
