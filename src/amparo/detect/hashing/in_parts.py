"""Gather the parts of a video as they are made, until all are there or enough is known."""

from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from amparo.core.problems import Problem, ProblemCode
from amparo.detect.hashing.hash_film import ended, joined
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.media.model import MediaError

Enough = Callable[[MediaHashes], bool]
"""Whether what is known of a file so far is enough to act upon."""


class Gathering:
    """Takes the parts of one video from the sandbox."""

    def __init__(self, *, seconds: float, enough: Enough | None = None) -> None:
        """`enough` is asked of the digests alone, and again whenever twice as much is known."""
        self._seconds = seconds
        self._enough = enough
        self.begin()

    def begin(self) -> None:
        """Forget what came before an accident."""
        self._parts: list[MediaHashes] = []
        self._until = monotonic() + self._seconds
        self._frames = 0
        self._ask_from = 0
        self._is_late = False

    def take(self, part: MediaHashes, /) -> bool:
        """Keep a part; whether more of them are wanted."""
        self._parts.append(part)
        self._frames += len(part.pictures)
        self._is_late = monotonic() > self._until
        return not self._is_late and not self._knows_enough()

    def waited(self, seconds: float, /) -> None:
        """Others' time is not the video's."""
        self._until += seconds

    def ended(self, problem: MediaError | None) -> MediaHashes:
        """All that came. Raises `problem` where nothing did."""
        if not self._parts:
            assert problem is not None, "a video has at least one part"
            raise problem
        whole = joined(iter(self._parts))
        if problem is not None:
            return ended(replace(whole, problem=problem.problem))
        return ended(replace(whole, problem=self._late(whole))) if self._is_late else whole

    def _knows_enough(self) -> bool:
        if self._enough is None or self._frames < self._ask_from:
            return False
        self._ask_from = max(1, 2 * self._frames)
        return self._enough(joined(iter(self._parts)))

    def _late(self, whole: MediaHashes) -> Problem | None:
        if whole.film is not None and whole.film.is_whole:
            return whole.problem
        return Problem(
            ProblemCode.MEDIA_OUT_OF_TIME,
            f"Hashing the video took longer than {self._seconds:g} s (AMPARO_VIDEO_SECONDS); its "
            "frames until then were hashed.",
        )
