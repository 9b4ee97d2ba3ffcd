"""Scorers as they are asked: a model through its batches, a service through threads of its own."""

import time
from collections.abc import Sequence
from typing import Protocol

from amparo.detect.media.sandbox.threads import Threads
from amparo.detect.scoring.answers import Scores, checked_scores, highest
from amparo.detect.scoring.batching import Batcher
from amparo.detect.scoring.breaker import Breaker
from amparo.detect.scoring.budget import Budget
from amparo.detect.scoring.guarded import Absent, Begun, Guarded
from amparo.detect.scoring.scorer import PictureScorer, PixelScorer, warm
from amparo.detect.scoring.thumbnails import Thumbnails, Wanted

AT_ONCE = 8
"""Questions that a service is asked at a time; those behind wait, or are late."""


class AskedScorer(Protocol):
    """One of the scorers, whichever kind it is of."""

    guarded: Guarded[Scores]

    def begin(self, shown: Thumbnails, wanted: Wanted, until: float) -> Begun[Scores] | Absent:
        """Have it score what was made as `wanted`; `until` is a moment of `time.monotonic`."""

    def close(self) -> None:
        """Ask nothing more."""


class AskedModel:
    """A model on this machine; warm when this is made. Raises Unavailable."""

    def __init__(self, scorer: PixelScorer) -> None:
        self.guarded: Guarded[Scores] = Guarded(scorer.name, Breaker())
        self._side = scorer.side
        warm(scorer)
        self._batcher = Batcher(scorer)

    def begin(self, shown: Thumbnails, wanted: Wanted, until: float) -> Begun[Scores] | Absent:
        """Its pictures join those of other uploads."""
        pixels = shown.square(wanted, self._side)
        return self.guarded.begin(lambda: self._batcher.submit(pixels, until))

    def close(self) -> None:
        """Nobody waits for a model that hangs."""
        self._batcher.close()


class AskedService:
    """A service elsewhere: it has its own threads, so that one that hangs holds up no other."""

    def __init__(self, scorer: PictureScorer, budget: Budget) -> None:
        self.guarded: Guarded[Scores] = Guarded(scorer.name, Breaker(), budget)
        self._scorer = scorer
        self._threads = Threads(AT_ONCE)
        self._threads.start()

    def begin(self, shown: Thumbnails, wanted: Wanted, until: float) -> Begun[Scores] | Absent:
        """All frames of the upload are one call."""
        pictures = shown.picture(wanted, self._scorer.side)

        def ask() -> Scores:
            if time.monotonic() > until:  # whoever asked has been told meanwhile
                raise TimeoutError
            return self._ask(pictures)

        return self.guarded.begin(lambda: self._threads.submit(ask))

    def close(self) -> None:
        """Nobody waits for a service that hangs."""
        self._threads.close()

    def _ask(self, pictures: Sequence[bytes]) -> Scores:
        made = self._scorer.score_pictures(pictures)
        return highest(checked_scores(self._scorer, made, len(pictures)))
