"""A scorer: a model on this machine or a service elsewhere, as one plug-in file.

A plug-in is a Python file with `SCORER = …`, an instance of `PixelScorer` or `PictureScorer`; the
setting AMPARO_SCORERS names it. `amparo.testing.scorer` has the tests that it must pass.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import AmparoError, Invalid, Unavailable

NAME = re.compile(r"[a-z][a-z0-9_-]{1,39}")
LARGEST_SIDE = 1024
"""Of what a scorer sees of a picture: more than models take, and than services ask for."""

MOST_LABELS = 20
_LONGEST_WORD = 40


class Busy(Exception):
    """Raised by a scorer that wants to be left alone for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"busy for {seconds:.0f} s")
        self.seconds = seconds


class UnknownWord(Exception):
    """Raised where a service answers with a word that nobody here knows: neither yes nor no."""

    def __init__(self, word: object) -> None:
        said = word if isinstance(word, str) else type(word).__name__
        self.word = "".join(each for each in said[:_LONGEST_WORD] if "!" <= each <= "~")
        super().__init__(self.word)


class Silent(Exception):
    """Raised where a service answers, and says nothing of what it was asked about."""


class Scorer(ABC):
    """What all scorers say of themselves; a plug-in derives from one of the two below.

    `name` is what the record and metrics call it, `labels` are what policies call its scores: all
    in lower-case letters, digits, `_` and `-`. `side` is how large a picture it wants to see.
    """

    name: str
    labels: tuple[str, ...]
    side: int


class PixelScorer(Scorer):
    """A model on this machine. It is given pictures of several uploads at a time."""

    def warm_up(self) -> None:
        """Load whatever `score_pixels` needs; called once, before the first upload."""

    @abstractmethod
    def score_pixels(self, pixels: NDArray[np.uint8]) -> Mapping[str, NDArray[np.floating]]:
        """Under each label the scores [N], 0 to 1, of pictures uint8[N, side, side, 3].

        They are RGB, as a person sees them, pressed into a square. Called from one thread.
        """


class PictureScorer(Scorer):
    """A service elsewhere. It is given small copies of an upload's picture, never the file.

    Whatever it raises, and no answer in time, means that the upload has no score of it.
    """

    @abstractmethod
    def score_pictures(self, pictures: Sequence[bytes]) -> Mapping[str, Sequence[float]]:
        """Under each label the scores, 0 to 1, of JPEG files: the frames of one upload.

        None of their sides is longer than `side`, and none was enlarged. Called from several
        threads at once. Raises Busy where it wants to be left alone for a while.
        """


def checked(found: object, where: str) -> Scorer:
    """`found` as a scorer that can be used. Raises Invalid, which says what is wrong with it."""
    if not isinstance(found, PixelScorer | PictureScorer):
        raise Invalid(f"{where}: SCORER is neither a PixelScorer nor a PictureScorer.")
    name, labels, side = (getattr(found, each, None) for each in ("name", "labels", "side"))
    if not _is_name(name):
        raise Invalid(
            f"{where}: a scorer's name has 2 to 40 lower-case letters, digits, '_' and '-'."
        )
    if not isinstance(labels, tuple) or not 1 <= len(set(labels)) == len(labels) <= MOST_LABELS:
        raise Invalid(f"{where}: labels of {name!r} must be 1 to {MOST_LABELS} different names.")
    if not all(_is_name(each) for each in labels):
        raise Invalid(f"{where}: a label has 2 to 40 lower-case letters, digits, '_' and '-'.")
    if type(side) is not int or not 1 <= side <= LARGEST_SIDE:
        raise Invalid(f"{where}: side of {name!r} must be from 1 to {LARGEST_SIDE}.")
    return found


def warm(scorer: Scorer) -> None:
    """Have a model load what it needs. Raises Unavailable, which says what is missing."""
    if not isinstance(scorer, PixelScorer):
        return
    try:
        scorer.warm_up()
    except AmparoError:
        raise
    except Exception as error:  # (a plug-in raises anything)
        raise Unavailable(
            f"The scorer {scorer.name!r} cannot be loaded: {type(error).__name__}: {error}"
        ) from error


def _is_name(found: object) -> bool:
    return isinstance(found, str) and NAME.fullmatch(found) is not None
