"""What an index takes and answers, whatever is inside it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from operator import index
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Invalid, Unavailable

LARGEST_RADIUS_BITS = 31
"""Up to this distance PDQ is specified to tell the same picture."""

NEAR = "pdq"
WIDTH_BYTES: Mapping[str, int] = MappingProxyType(
    {
        NEAR: 32,
        "md5": 16,
        "sha1": 20,
        "sha256": 32,
        **dict.fromkeys(
            ("url", "url_prefix", "url_host", "email", "account", "keyword", "regex"), 32
        ),
    }
)
"""The kinds of value that Amparo brings; all but the first are found only where they are equal.

An index takes others too, each of one width, and compares them by a measure that it is given.
"""

KIND = re.compile(r"[a-z][a-z0-9_]{1,19}")
"""How a kind may be called."""

MOST_LISTS = 1 << 20
"""List numbers are below this."""

Radii = int | Mapping[int, int]
"""How many bits a near hash may differ in: in all lists, or in each that is to be searched."""


class Damaged(Unavailable):
    """Files of an index are not as they were written; it must be built again from its source."""

    code = "index.damaged"


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Tell by name whatever keeps a file of an index from being read.

    That it is not there stays FileNotFoundError.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except PermissionError as error:
        raise Unavailable(f"{path} cannot be read ({error.strerror}).") from error
    except OSError as error:
        raise Damaged(f"{path} cannot be read ({error.strerror}).") from error


@dataclass(frozen=True, slots=True)
class Rows:
    """Known hashes of one kind: `values` uint8[N, W], one behind the other.

    `signals` uint64[N] is the number under which each is found and withdrawn; `lists` uint32[N]
    the number of the list that it is on. Raises Invalid where these do not fit each other.
    """

    values: NDArray[np.uint8]
    signals: NDArray[np.uint64]
    lists: NDArray[np.uint32]

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.dtype != np.uint8:
            raise Invalid("Hashes are given as uint8[N, W].")
        if not len(self.values) == len(self.signals) == len(self.lists):
            raise Invalid("An index needs as many signal and list numbers as hashes.")
        if self.signals.dtype != np.uint64 or self.lists.dtype != np.uint32:
            raise Invalid("Signal numbers are given as uint64[N], list numbers as uint32[N].")
        if len(self.lists) and int(self.lists.max()) >= MOST_LISTS:
            raise Invalid(f"List numbers are below {MOST_LISTS}.")

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def none(cls, width_bytes: int) -> Self:
        """No rows of a kind."""
        return cls(
            np.empty((0, width_bytes), np.uint8),
            np.empty(0, np.uint64),
            np.empty(0, np.uint32),
        )


@dataclass(frozen=True, slots=True)
class Hits:
    """What a search found: three arrays of equal length, one row a hit, by query and distance.

    `queries` int64: which of the hashes asked for. `signals` uint64: the number under which the
    known hash was added. `distances` uint8, in bits; int64 where another measure was used.
    """

    queries: NDArray[np.int64]
    signals: NDArray[np.uint64]
    distances: NDArray[np.uint8] | NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.queries)

    @classmethod
    def of(cls, parts: "list[Hits]") -> "Hits":
        """The hits of several places, in order."""
        whole = parts[0] if len(parts) == 1 else _joined(parts)
        if len(whole) < 2:
            return whole
        if whole.distances.dtype != np.uint8:
            return whole._sorted(np.lexsort((whole.distances, whole.queries)))
        keys = whole.queries << 8 | whole.distances
        small = int(whole.queries.max()) < 256  # keys of 16 bits are sorted in two passes
        return whole._sorted(np.argsort(keys.astype(np.uint16) if small else keys, kind="stable"))

    def _sorted(self, order: NDArray[np.int64]) -> "Hits":
        return Hits(self.queries[order], self.signals[order], self.distances[order])


NO_HITS = Hits(np.empty(0, np.int64), np.empty(0, np.uint64), np.empty(0, np.uint8))


def _joined(parts: list[Hits]) -> Hits:
    return Hits(
        np.concatenate([np.empty(0, np.int64), *(part.queries for part in parts)]),
        np.concatenate([np.empty(0, np.uint64), *(part.signals for part in parts)]),
        np.concatenate([np.empty(0, np.uint8), *(part.distances for part in parts)]),
    )


def nearest_of_each(hits: Hits) -> Hits:
    """Each signal once for a query, at its smallest distance; a signal can have many hashes."""
    if len(hits) < 2:
        return hits
    order = np.lexsort((hits.distances, hits.signals, hits.queries))
    queries, signals = hits.queries[order], hits.signals[order]
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (queries[1:] != queries[:-1]) | (signals[1:] != signals[:-1])
    kept = np.sort(order[is_first])
    return Hits(hits.queries[kept], hits.signals[kept], hits.distances[kept])


class NearIndex(Protocol):
    """Known hashes of 256 bits, searched by Hamming distance; none within the radius is missed."""

    def __len__(self) -> int:
        """How many hashes are known."""

    def search(self, queries: NDArray[np.uint64], radius_bits: Radii) -> Hits:
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


def radii_by_list(radius_bits: Radii, largest_list: int) -> NDArray[np.int16]:
    """int16[L]: the radius of each list up to `largest_list`; −1 for those that are not asked."""
    if not isinstance(radius_bits, Mapping):
        return _same_for_all(_whole(radius_bits), largest_list)
    radii = np.full(largest_list + 1, -1, np.int16)
    for number, radius in radius_bits.items():
        checked_radius(_whole(radius))
        if 0 <= number <= largest_list:
            radii[number] = radius
    return radii


def _whole(radius_bits: int) -> int:
    """NumPy's whole numbers are whole numbers too; fractions are a mistake."""
    try:
        return index(radius_bits)
    except TypeError as error:
        raise Invalid(f"A radius is a whole number of bits, not {radius_bits!r}.") from error


@lru_cache(maxsize=64)
def _same_for_all(radius_bits: int, largest_list: int) -> NDArray[np.int16]:
    return np.full(largest_list + 1, checked_radius(radius_bits), np.int16)
