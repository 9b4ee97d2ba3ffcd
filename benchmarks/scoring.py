"""What scoring takes, that it takes nothing where a list knows, and how often it errs on harmless.

The model detects adult nudity, and does not detect abuse: what is counted here is how often it
takes an ordinary photograph for nudity.
"""

import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from amparo.app.pipeline import Upload
from amparo.app.sandbox import open_sandbox
from amparo.app.serving import Serving, open_serving
from amparo.core.clock import SystemClock
from amparo.core.settings import settings
from amparo.db import Database
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.warm_up import warm_up
from amparo.detect.index import as_words
from amparo.detect.media.model import Limits
from amparo.detect.scoring.answers import highest
from amparo.detect.scoring.opennsfw import LABEL, OpenNsfw
from amparo.detect.scoring.thumbnails import Wanted, thumbnails
from benchmarks.figures import Figure
from benchmarks.harmless import photographs, small_photographs
from benchmarks.pictures import drawn, enlarged
from benchmarks.servers import fill, new_home, operator, process

WANTED = 15.0
"""Pictures a second that one core must score."""

BATCH = 16
THRESHOLDS = (0.1, 0.2, 0.5, 0.8, 0.9)
_Z = 1.959964  # 95 %


def measure(size: int = 200) -> list[Figure]:
    """Every figure; `size` is how many times each upload is decided."""
    model = OpenNsfw(threads=1)
    model.warm_up()
    return [*_speed(model), *_uploads(size), *_false_positives(model)]


def _speed(model: OpenNsfw) -> list[Figure]:
    """Pictures a second of one core's time, alone and in batches, and from a file's bytes."""
    batch = np.stack([_square(each[0]) for each in list(photographs().values())[:BATCH]])
    (file, *_) = enlarged(1632, 1224, 1)
    wanted = Wanted((model.side,))
    until = time.monotonic() + 3600

    def from_file() -> object:
        return model.score_pixels(
            thumbnails(file, Limits(), wanted, until).square(wanted, model.side)
        )

    with _one_core():
        rates = {
            "16 at a time": BATCH / _seconds(lambda: model.score_pixels(batch)),
            "one at a time": 1 / _seconds(lambda: model.score_pixels(batch[:1])),
            "from a JPEG of 2 MP": 1 / _seconds(from_file),
        }
    return [
        Figure.rate(f"opennsfw, 224 px, one core, {name}", rate, WANTED, "wanted",
                    1 if name == "16 at a time" else None)
        for name, rate in rates.items()
    ]  # fmt: skip


def _uploads(times: int) -> list[Figure]:
    """Milliseconds of the pipeline, with scoring and without, in turns."""
    (picture, *_) = enlarged(1632, 1224, 1)
    warm_up()
    known = hash_media(picture, Limits()).pictures[0].value
    with ExitStack() as stack:
        home = new_home(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="amparo-"))))
        with process(home):
            pass
        fill(f"sqlite:///{home}/amparo.db", as_words(known))
        stack.enter_context(process(home))
        decided = {name: stack.enter_context(_served(home, scorers)) for name, scorers in _SIDES}
        taken = {
            what: _in_turns(decided, file, times)
            for what, file in (("known to a list", picture), ("unknown", drawn(7, 1632, 1224)))
        }
    return [
        Figure.of(f"upload of 2 MP {what}, scoring on", "ms", each["on"], each["off"],
                  "scoring off", target=1.05 if what != "unknown" else None, at_most=True)
        for what, each in taken.items()
    ]  # fmt: skip


_SIDES: tuple[tuple[str, tuple[str, ...]], ...] = (("off", ()), ("on", (LABEL,)))

Decide = Callable[[bytes], object]


@contextmanager
def _served(home: Path, scorers: tuple[str, ...]) -> Iterator[Decide]:
    """The pipeline, from that database."""
    chosen = settings().model_copy(update={"home": home, "scorers": scorers})
    with (
        open_sandbox(chosen) as sandbox,
        Database(chosen.database) as database,
        open_serving(chosen, database, sandbox, SystemClock()) as serving,
    ):
        actor = operator(database)
        yield lambda data: _submitted(serving, data, actor)


def _submitted(serving: Serving, data: bytes, actor: object) -> object:
    return serving.pipeline.submit(Upload(data), actor)  # type: ignore[arg-type]


def _in_turns(decided: dict[str, Decide], file: bytes, times: int) -> dict[str, list[float]]:
    """Milliseconds of each, side by side, now the one first and now the other."""
    taken: dict[str, list[float]] = {name: [] for name in decided}
    for turn in range(times + 5):
        for name in sorted(decided, reverse=turn % 2 == 0):
            began = time.perf_counter()
            decided[name](file)
            if turn >= 5:
                taken[name].append((time.perf_counter() - began) * 1000)
    return taken


def _false_positives(model: OpenNsfw) -> list[Figure]:
    """How many harmless photographs score above each threshold, in percent."""
    scores = {name: _highest(model, frames) for name, frames in photographs().items()}
    for name, score in sorted(scores.items(), key=lambda each: -each[1])[:5]:
        print(f"{name}: {score:.4f}")
    small = [_highest(model, [each]) for each in small_photographs()]
    return [
        *_above("harmless photographs", list(scores.values())),
        *_above("harmless photographs of 25 × 25", small),
    ]


def _above(what: str, scores: Sequence[float]) -> Iterator[Figure]:
    for threshold in THRESHOLDS:
        count = sum(each > threshold for each in scores)
        low, high = wilson(count, len(scores))
        name = f"{what} above {threshold}: {count} of {len(scores)}, 95 % {low:.1%} to {high:.1%}"
        share = 100 * count / len(scores)
        yield Figure(name, "%", share, 100 * high, "upper bound", share / (100 * high))


def wilson(count: int, of: int) -> tuple[float, float]:
    """The interval of a share, by Wilson's score (1927), 95 %."""
    share, spread = count / of, _Z**2 / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def _highest(model: OpenNsfw, frames: Sequence[Image.Image]) -> float:
    """Of a picture's frames, each as an upload would have it."""
    found = model.score_pixels(np.stack([_square(each) for each in frames]))[LABEL]
    return highest([{LABEL: float(each)} for each in found])[LABEL]


def _square(image: Image.Image) -> np.ndarray:
    """As the sandbox gives it."""
    out = BytesIO()
    image.save(out, "PNG")
    wanted = Wanted((OpenNsfw.side,))
    until = time.monotonic() + 60
    return thumbnails(out.getvalue(), Limits(), wanted, until).square(wanted, OpenNsfw.side)[0]


def _seconds(run: Callable[[], object], rounds: int = 12) -> float:
    """Of the core's time, the median of some rounds, after two that do not count."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        run()
        taken.append(time.process_time() - began)
    return median(taken[2:])


@contextmanager
def _one_core() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
