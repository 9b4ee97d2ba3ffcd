"""Where a text has phrases that count."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from amparo.detect.index.phrases.model import Automaton, Find
from amparo.kernels.automaton import walk
from amparo.kernels.digests import set_bits

FINDS_AT_A_TIME = 4096
MOST_OF_ONE = 100
"""So often a phrase is told; more often, it would hide what else a text has."""

Counts = Callable[[NDArray[np.uint8]], NDArray[np.bool_]]
"""Given digests uint8[K, 32] of phrases, bool[K]: which of them count."""

_NONE_SKIPPED = np.zeros(0, np.uint8)


def find(
    text: NDArray[np.uint32],
    borders: NDArray[np.uint8],
    automata: Iterable[Automaton],
    counts: Counts,
    *,
    most: int,
) -> tuple[list[Find], bool]:
    """Finds in `text` uint32[T], in order, and whether there are more: `most`, and 100 of each.

    A find begins and ends where `borders` uint8[T + 1] is set. Phrases that do not count, and what
    was told often enough, cost time but take nobody's place.
    """
    found: dict[Find, None] = {}
    truncated = False
    for automaton in automata:
        times: Counter[bytes] = Counter()
        for one in _found(text, borders, automaton, counts):
            if len(found) == most:
                truncated = True
                break
            times[one.digest] += 1
            if times[one.digest] > MOST_OF_ONE:
                truncated = True
            else:
                found[one] = None
    ordered = sorted(found, key=lambda one: (one.first, one.behind, one.digest))
    return ordered, truncated


def _found(
    text: NDArray[np.uint32], borders: NDArray[np.uint8], automaton: Automaton, counts: Counts
) -> Iterator[Find]:
    """By where they end."""
    phrases = automaton.phrases
    place = np.zeros(3, np.int64)
    rows = np.empty((FINDS_AT_A_TIME, 3), np.int64)
    skipped = _NONE_SKIPPED
    count = len(rows)
    while count == len(rows):
        count = int(walk(automaton.tables, phrases.ends, text, borders, skipped, place, rows))
        there, of = np.unique(rows[:count, 2], return_inverse=True)
        if not len(there):
            return
        wanted = counts(phrases.digests[there])
        done = ~wanted | (np.bincount(of) > MOST_OF_ONE)
        if done.any():
            if not len(skipped):
                skipped = np.zeros((len(phrases) + 7) // 8, np.uint8)
            set_bits(skipped, there[done])
        for first, behind, phrase in rows[:count][wanted[of]].tolist():
            yield Find(first, behind, phrases.digests[phrase].tobytes())
