"""Pictures that arrive together are scored together; what one does costs nobody else."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

from amparo.detect.scoring.batching import MOST_WAITING, Batcher
from amparo.detect.scoring.scorer import Busy, PixelScorer

LONG = time.monotonic() + 3600


class Model(PixelScorer):
    """Brightness, unless told to do something else; remembers how many it was given at a time."""

    name, labels, side = "model", ("bright",), 4

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.may_go = threading.Event()
        self.may_go.set()
        self.begun = threading.Event()
        self.instead: Callable[[NDArray[np.uint8]], object] | None = None

    def score_pixels(self, pixels: NDArray[np.uint8]) -> Mapping[str, NDArray[np.floating]]:
        self.begun.set()
        self.may_go.wait()
        self.batches.append(len(pixels))
        if self.instead is not None:
            return self.instead(pixels)
        return {"bright": pixels.mean(axis=(1, 2, 3)) / 255}


@contextmanager
def batching(model: Model) -> Iterator[Batcher]:
    batcher = Batcher(model, window_s=0.5)
    yield batcher
    model.may_go.set()
    batcher.close()


def grey(*levels: int) -> NDArray[np.uint8]:
    return np.stack([np.full((4, 4, 3), level, np.uint8) for level in levels])


def test_uploads_that_wait_are_scored_at_once_and_each_has_its_own_highest() -> None:
    model = Model()
    model.may_go.clear()
    with batching(model) as batcher:
        first = batcher.submit(grey(*[0] * 16), LONG)  # a full batch, so that it waits for nobody
        model.begun.wait()
        others = [batcher.submit(grey(51, level), LONG) for level in (0, 102, 255)]
        model.may_go.set()
        assert first.result() == {"bright": 0}
        assert [each.result()["bright"] for each in others] == [0.2, 0.4, 1.0]
    assert model.batches == [16, 6]


def nonsense(name: str) -> Callable[[NDArray[np.uint8]], object]:
    def score(pixels: NDArray[np.uint8]) -> object:
        count = len(pixels)
        return {
            "nan": {"bright": np.full(count, np.nan)},
            "infinite": {"bright": [float("inf")] * count},
            "above": {"bright": [1.01] * count},
            "below": {"bright": [-0.1] * count},
            "too few": {"bright": [0.5] * (count - 1)},
            "too many": {"bright": [0.5] * (count + 1)},
            "a number": {"bright": 0.5},
            "words": {"bright": ["x"] * count},
            "tables": {"bright": np.zeros((count, 2))},
            "another label": {"dark": [0.5] * count},
            "a further label": {"bright": [0.5] * count, "dark": [0.5] * count},
            "a list": [0.5] * count,
            "nothing": None,
        }[name]

    return score


@pytest.mark.parametrize(
    "name",
    ["nan", "infinite", "above", "below", "too few", "too many", "a number", "words", "tables",
     "another label", "a further label", "a list", "nothing"],
)  # fmt: skip
def test_nonsense_is_no_score(name: str) -> None:
    model = Model()
    model.instead = nonsense(name)
    with batching(model) as batcher, pytest.raises(ValueError, match=r"score|number|label"):
        batcher.submit(grey(1), LONG).result()


def test_a_picture_on_which_the_model_fails_costs_that_picture_alone() -> None:
    model = Model()

    def fails(pixels: NDArray[np.uint8]) -> object:
        if (pixels == 13).any():
            raise RuntimeError
        return {"bright": [0.5] * len(pixels)}

    model.instead = fails
    with batching(model) as batcher:
        answers = [batcher.submit(grey(level), LONG) for level in (1, 13, 2)]
        assert answers[0].result() == answers[2].result() == {"bright": 0.5}
        with pytest.raises(RuntimeError):
            answers[1].result()


def test_a_model_that_hangs_lets_nobody_wait_for_ever_and_nobody_queue_without_end() -> None:
    model = Model()
    model.may_go.clear()
    with batching(model) as batcher:
        batcher.submit(grey(*[0] * 16), LONG)
        model.begun.wait()
        waiting = [batcher.submit(grey(1), LONG) for _ in range(MOST_WAITING)]
        with pytest.raises(TimeoutError):
            waiting[0].result(timeout=0)
        with pytest.raises(Busy):
            batcher.submit(grey(1), LONG).result(timeout=0)


def test_what_nobody_waits_for_any_more_is_not_scored() -> None:
    model = Model()
    with batching(model) as batcher:
        with pytest.raises(TimeoutError):
            batcher.submit(grey(*[1] * 16), time.monotonic() - 1).result()
        assert batcher.submit(grey(*[255] * 16), LONG).result() == {"bright": 1.0}
    assert model.batches == [16]
