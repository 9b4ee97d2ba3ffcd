"""Letters folded so that ways to write the same are equal, and where in the text each came from.

Compatibility forms, case, and composed or decomposed accents make no difference (NFKC and case
folding); a run of white space is one space; what is shown as nothing is left out, as Unicode's
NFKC_Casefold does; both apostrophes are one, since keyboards choose between them. Nothing is
guessed: what looks alike stays different.
"""

import threading
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amparo.detect.texts.letters import AFTER_BREAK, ZERO_WIDTH_SPACE, class_of, is_ignorable
from amparo.kernels.folding import unfolded

_CODES = 0x110000
_SPACE = np.uint32(0x20)
_POOL = 4096


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Folded:
    """A text, folded and decomposed: `codes` uint32[N]; `classes` uint8[N], see `letters`.

    `origins` uint32[N] is the place in the text of the letter that each came from; `length` is the
    text's own.
    """

    codes: NDArray[np.uint32]
    classes: NDArray[np.uint8]
    origins: NDArray[np.uint32]
    length: int

    def span(self, first: int, behind: int) -> tuple[int, int]:
        """Where in the text the codes from `first` until before `behind` came from."""
        return int(self.origins[first]), int(self.origins[first:behind].max()) + 1


class _Table:
    """What each letter folds to, learned as letters come. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.known = np.zeros(_CODES, np.bool_)
        self.first = np.zeros(_CODES, np.uint32)
        self.count = np.zeros(_CODES, np.uint8)
        self.classes = np.zeros(_CODES, np.uint8)
        self.order = np.zeros(_CODES, np.uint8)
        """Of combining marks, by which they are put in order; 0 for all others."""
        self.pool = np.zeros(_POOL, np.uint32)
        self._used = 0
        self.learn(np.arange(0x250, dtype=np.uint32))

    def learn(self, codes: NDArray[np.uint32]) -> None:
        """Know all of `codes` from now on."""
        if self.known[codes].all():
            return
        new = codes[~self.known[codes]]
        with self._lock:
            for code in np.unique(new).tolist():
                if not self.known[code]:
                    self._learn_one(code)

    def _learn_one(self, code: int) -> None:
        folded = decomposed(chr(code))
        for letter in folded:
            self.classes[ord(letter)] = class_of(letter)
            self.order[ord(letter)] = unicodedata.combining(letter)
        if self._used + len(folded) > len(self.pool):
            self.pool = np.concatenate([self.pool, np.zeros_like(self.pool)])
        behind = self._used + len(folded)
        self.pool[self._used : behind] = [ord(letter) for letter in folded]
        self.first[code], self.count[code] = self._used, len(folded)
        self._used = behind
        self.known[code] = True


def decomposed(text: str) -> str:
    """Folded letter by letter, accents apart; white space is a space, the invisible nothing."""
    folded = unicodedata.normalize("NFKD", text.replace("\u2019", "'"))
    for _ in range(2):
        folded = unicodedata.normalize("NFKD", folded.casefold())
    shown = (letter for letter in folded if not is_ignorable(ord(letter)))
    return "".join(" " if letter.isspace() else letter for letter in shown)


def folded_length(text: str) -> int:
    """How many codes `fold` makes of a text, which can be many times its letters."""
    given, table = _known(text)
    return int(table.count[given].sum(dtype=np.int64))


def fold(text: str) -> Folded:
    """Fold a text of any kind, also one that is none."""
    given, table = _known(text)
    codes, origins = unfolded(given, table.first, table.count, table.pool)
    codes, origins = _in_order(codes, origins, table.order[codes])
    codes, origins = _one_space(codes, origins)
    classes = table.classes[codes]
    classes[_after_break(given, origins)] |= AFTER_BREAK
    return Folded(codes, classes, origins, len(given))


def _after_break(given: NDArray[np.uint32], origins: NDArray[np.uint32]) -> NDArray[np.intp]:
    """The codes before which the text has a space of no width, which is left out itself."""
    breaks = given == ZERO_WIDTH_SPACE
    if not breaks.any():
        return np.empty(0, np.intp)
    before = np.cumsum(breaks)[origins]
    return np.flatnonzero(before[1:] != before[:-1]) + 1


def _known(text: str) -> tuple[NDArray[np.uint32], _Table]:
    """The text's letters, and a table that knows them all."""
    given = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    table = _table()
    table.learn(given)
    return given, table


def _in_order(
    codes: NDArray[np.uint32], origins: NDArray[np.uint32], order: NDArray[np.uint8]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Combining marks of a letter in the order that Unicode gives them."""
    marks = order != 0
    if not (marks[1:] & marks[:-1] & (order[1:] < order[:-1])).any():
        return codes, origins
    letters = np.cumsum(~marks, dtype=np.uint32)
    there = np.lexsort((order, letters))
    return codes[there], origins[there]


def _one_space(
    codes: NDArray[np.uint32], origins: NDArray[np.uint32]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    spaces = codes == _SPACE
    again = spaces[1:] & spaces[:-1]
    if not again.any():
        return codes, origins
    kept = np.concatenate([[True], ~again])
    return codes[kept], origins[kept]


_made: list[_Table] = []
_making = threading.Lock()


def _table() -> _Table:
    """Made when it is first needed: what folds nothing does not wait for it."""
    if not _made:
        with _making:
            if not _made:
                _made.append(_Table())
    return _made[0]
