"""Pictures of uploads that arrive together are scored together, by one thread a model."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from amparo.detect.media.sandbox import Answer
from amparo.detect.scoring.answers import Scores, checked_scores, highest
from amparo.detect.scoring.scorer import Busy, PixelScorer

WINDOW_S = 0.005
"""How long the first picture waits for others: a tenth of what scoring it takes."""

MOST_PICTURES = 16
"""In one call, unless a single upload has more; larger ones take memory and gain nothing."""

MOST_WAITING = 64
"""Uploads; those behind would not be answered in time."""


@dataclass(frozen=True, slots=True, repr=False)
class _Waiting:
    pixels: NDArray[np.uint8]
    until: float
    answer: Answer[Scores]


class Batcher:
    """Scores with one model; asked from any number of threads."""

    def __init__(self, scorer: PixelScorer, *, window_s: float = WINDOW_S) -> None:
        self._scorer = scorer
        self._window_s = window_s
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = Thread(target=self._serve, name=f"scorer-{scorer.name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Score nothing more; nobody waits for a model that hangs."""
        self._queue.put(None)

    def submit(self, pixels: NDArray[np.uint8], until: float) -> Answer[Scores]:
        """The highest scores of one upload's frames uint8[N, side, side, 3].

        Nothing is scored after `until`, a moment of `time.monotonic`, when nobody waits any more.
        The answer raises whatever the model raised, and ValueError where it said nonsense.
        """
        answer: Answer[Scores] = Answer()
        if self._queue.qsize() >= MOST_WAITING:
            answer.fill(_too_many)
        else:
            self._queue.put(_Waiting(pixels, until, answer))
        return answer

    def _serve(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = self._gathered(first)
            now = time.monotonic()
            for each in (each for each in batch if now >= each.until):
                each.answer.fill(_late)
            waiting = [each for each in batch if now < each.until]
            if waiting:
                self._score(waiting)

    def _gathered(self, first: _Waiting) -> list[_Waiting]:
        """The first, and what comes within the window."""
        batch, count = [first], len(first.pixels)
        until = time.monotonic() + self._window_s
        while count < MOST_PICTURES:
            try:
                found = self._queue.get(timeout=max(0.0, until - time.monotonic()))
            except Empty:
                break
            if found is None:
                self._queue.put(None)  # for `_serve`, after this batch
                break
            batch.append(found)
            count += len(found.pixels)
        return batch

    def _score(self, batch: Sequence[_Waiting]) -> None:
        """Answer each of them; where all together fail, each by itself, so that one costs one."""
        answer: Answer[list[Scores]] = Answer()
        answer.fill(lambda: self._scored(np.concatenate([each.pixels for each in batch])))
        if answer.exception() is not None and len(batch) > 1:
            for each in batch:
                self._score([each])
            return
        begin = 0
        for each in batch:
            part = slice(begin, begin + len(each.pixels))
            begin = part.stop
            each.answer.fill(partial(_part_of, answer, part))

    def _scored(self, pixels: NDArray[np.uint8]) -> list[Scores]:
        return checked_scores(self._scorer, self._scorer.score_pixels(pixels), len(pixels))


def _part_of(answer: Answer[list[Scores]], part: slice) -> Scores:
    """What was scored for one upload, or what was raised."""
    return highest(answer.result()[part])


def _late() -> Scores:
    raise TimeoutError


def _too_many() -> Scores:
    raise Busy(0)
