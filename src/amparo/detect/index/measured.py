"""Near hashes by a measure that somebody else brings: every known one is compared, in pieces."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Unavailable
from amparo.detect.index.exact import is_gone
from amparo.detect.index.model import Hits

ROWS_AT_A_TIME = 1 << 14
"""So many are compared in a piece, which stays in the processor's caches."""

Measure = Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.integer]]
"""Given a hash uint8[W] and known ones uint8[N, W], how far each lies: whole numbers [N]."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Measured:
    """Known hashes uint8[N, W], their signals and lists, and a bit for each withdrawn row."""

    values: NDArray[np.uint8]
    signals: NDArray[np.uint64]
    lists: NDArray[np.uint32]
    gone: NDArray[np.uint8]


def near_by_measure(
    queries: NDArray[np.uint8], known: Measured, radii: Mapping[int, int], measure: Measure
) -> Hits:
    """Known hashes within the radius of their list, of `queries` uint8[Q, W].

    `radii` maps each list that is asked to its own. Raises Unavailable where the measure fails.
    """
    farthest = _by_list(radii, known.lists)
    parts = []
    for number, query in enumerate(queries):
        for first in range(0, len(known.values), ROWS_AT_A_TIME):
            piece = slice(first, first + ROWS_AT_A_TIME)
            distances = _distances(measure, query, known.values[piece])
            rows = first + np.flatnonzero(distances <= farthest[known.lists[piece]])
            rows = rows[~is_gone(known.gone, rows)]
            if len(rows):
                asked = np.full(len(rows), number, np.int64)
                parts.append(Hits(asked, known.signals[rows], distances[rows - first]))
    return Hits.of(parts) if parts else _NONE


_NONE = Hits(np.empty(0, np.int64), np.empty(0, np.uint64), np.empty(0, np.int64))


def _by_list(radii: Mapping[int, int], lists: NDArray[np.uint32]) -> NDArray[np.int64]:
    """int64[L]: the radius of each list; −1, which nothing is within, for those not asked."""
    farthest = np.full(int(lists.max(initial=0)) + 1, -1, np.int64)
    for number, radius in radii.items():
        if 0 <= number < len(farthest):
            farthest[number] = radius
    return farthest


def _distances(
    measure: Measure, query: NDArray[np.uint8], known: NDArray[np.uint8]
) -> NDArray[np.int64]:
    try:
        distances = np.asarray(measure(query, known))
    except Exception as error:
        raise Unavailable(f"A hash type cannot compare: {type(error).__name__}.") from error
    if distances.shape != (len(known),) or distances.dtype.kind not in "iu":
        raise Unavailable("A hash type does not answer with one whole number for each known hash.")
    return distances.astype(np.int64)
