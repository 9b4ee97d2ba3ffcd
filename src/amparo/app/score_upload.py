"""What is asked of an upload whose consequences no list here settles; nobody for too long.

Scorers are asked of what no list knows, all at once. A list elsewhere is asked also of what only
lists about adults, suspect or negative ones know: none of these says what it might.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from amparo.app.ask_elsewhere import (
    ElsewhereList,
    is_settled,
    match_of,
    without_spared,
)
from amparo.app.metrics import Metrics
from amparo.core.errors import Unavailable
from amparo.core.ids import OrganisationId
from amparo.core.problems import ProblemCode
from amparo.core.seldom import Seldom
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.detect.deciding import MatchFacts
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.matching.host.sift import Found
from amparo.detect.media.model import MediaError
from amparo.detect.media.sandbox import Sandbox
from amparo.detect.scoring.asked import AskedModel, AskedScorer, AskedService
from amparo.detect.scoring.budget import Budget
from amparo.detect.scoring.guarded import Absent, Begun, Guarded, Why
from amparo.detect.scoring.plug_ins import scorers
from amparo.detect.scoring.remote_list import remote_list
from amparo.detect.scoring.scorer import PictureScorer, PixelScorer, Scorer, warm
from amparo.detect.scoring.thumbnails import Thumbnails, Wanted, thumbnails

A = TypeVar("A")

_seldom = Seldom(structlog.get_logger(__name__))

_HOPELESS = frozenset(
    {
        ProblemCode.MEDIA_OUT_OF_TIME,
        ProblemCode.MEDIA_OUT_OF_MEMORY,
        ProblemCode.MEDIA_DECODER_CRASHED,
    }
)
"""What would only happen again."""


_LEAST_SHARE = 0.1
"""Of AMPARO_SCORE_SECONDS: with less of them left nobody is asked, and no budget spent."""

_FAIR_SHARE = 0.5
"""Who had less of them, since the picture took long to be made small, is not to blame if late."""


@dataclass(frozen=True, slots=True, repr=False)
class Scored:
    """The scores by label, what lists elsewhere know; and who said nothing, by name, with why."""

    scores: Mapping[str, float] = field(default_factory=dict)
    unanswered: Mapping[str, str] = field(default_factory=dict)
    matches: tuple[MatchFacts, ...] = ()


NOTHING = Scored()
"""What is said of a picture that a list knows, of a file without a picture, and without scorers."""


@dataclass(frozen=True, slots=True)
class UploadScorer:
    """Has uploads scored, from any number of threads."""

    asked: tuple[AskedScorer, ...]
    wanted: Wanted
    elsewhere: ElsewhereList | None
    sandbox: Sandbox
    seconds: float
    metrics: Metrics
    clock: Callable[[], float] = time.monotonic

    def score(
        self, data: bytes, hashes: MediaHashes, found: Found, organisation: OrganisationId
    ) -> Scored:
        """What all of them say within AMPARO_SCORE_SECONDS; a failure is never the upload's."""
        asked = () if found.counted or found.suppressed else self.asked
        elsewhere = None if is_settled(found) else self.elsewhere
        if not (asked or elsewhere):
            return NOTHING
        one = _Asking(self, self.clock(), {}, {})
        listed = elsewhere and elsewhere.begin(
            data, without_spared(hashes, found), organisation, one.until
        )
        if asked and _can_be_seen(hashes):
            one.score(data)
        hits = elsewhere and listed and one.end(elsewhere.guarded, listed)
        if elsewhere and hits is not None and listed and not elsewhere.asks_about_all(hashes):
            one.unanswered[elsewhere.guarded.name] = Why.PARTLY.value
            self.metrics.unscored(elsewhere.guarded.name, Why.PARTLY.value)
        return Scored(
            one.scores, one.unanswered, tuple(match_of(each, organisation) for each in hits or ())
        )


@dataclass(frozen=True, slots=True)
class _Asking:
    """One upload, and what was said of it so far."""

    by: UploadScorer
    began: float
    scores: dict[str, float]
    unanswered: dict[str, str]

    @property
    def until(self) -> float:
        return self.began + self.by.seconds

    def score(self, data: bytes) -> None:
        """Ask all scorers at once."""
        shown = self._shown(data)
        if isinstance(shown, Thumbnails) and not (shown.squares or shown.pictures):
            return
        left = (self.until - self.by.clock()) / self.by.seconds
        if left < _LEAST_SHARE and isinstance(shown, Thumbnails):
            shown = Absent(Why.LATE)
        begun = [
            shown if isinstance(shown, Absent) else each.begin(shown, self.by.wanted, self.until)
            for each in self.by.asked
        ]
        for each, answer in zip(self.by.asked, begun, strict=True):
            said = self.end(each.guarded, answer, had_time=left >= _FAIR_SHARE)
            self.scores.update(said or {})

    def end(
        self, guarded: Guarded[A], begun: Begun[A] | Absent, *, had_time: bool = True
    ) -> A | None:
        """What one of them says; what it does not say is noted."""
        said = guarded.end(begun, self.until, had_time=had_time)
        if isinstance(said, Absent):
            self.unanswered[guarded.name] = said.told
            self.by.metrics.unscored(guarded.name, said.why.value)
            return None
        self.by.metrics.scored(guarded.name, self.by.clock() - self.began)
        return said

    def _shown(self, data: bytes) -> Thumbnails | Absent:
        """What they are to see; where all are left alone, nothing is decoded for them."""
        if all(each.guarded.breaker.is_open for each in self.by.asked):
            return Absent(Why.BREAKER)
        sandbox = self.by.sandbox
        answer = sandbox.submit(
            Thumbnails, thumbnails, data, sandbox.share, self.by.wanted, self.until
        )
        try:
            return answer.result(timeout=max(0.0, self.until - self.by.clock()))
        except TimeoutError:
            return Absent(Why.LATE)
        except MemoryError:
            return Absent(Why.TOO_LARGE)
        except (MediaError, Unavailable) as error:
            _seldom.warning("A picture could not be made small.", why=type(error).__name__)
            return Absent(Why.FAILED)


def loaded_scorers(settings: Settings) -> tuple[str, ...]:
    """The names of all that would be asked, once each has shown that it can be loaded.

    Raises Invalid, Unavailable.
    """
    known = scorers(settings)
    for each in known:
        warm(each)
    if (listed := remote_list(settings)) is not None:
        listed.close()
    return (*(each.name for each in known), *(() if listed is None else (listed.name,)))


@contextmanager
def open_scoring(
    settings: Settings, database: Database, sandbox: Sandbox, metrics: Metrics
) -> Iterator[UploadScorer]:
    """Scorers as the settings name them, warm. Raises Invalid, Unavailable."""
    known = scorers(settings)
    with ExitStack() as stack:
        asked: list[AskedScorer] = []
        for each in known:
            asked.append(_asked(each, settings))
            stack.callback(asked[-1].close)
        elsewhere = None
        if (listed := remote_list(settings)) is not None:
            stack.callback(listed.close)
            elsewhere = ElsewhereList(listed, database)
        seconds = settings.score_seconds
        yield UploadScorer(tuple(asked), _wanted(known), elsewhere, sandbox, seconds, metrics)


def _asked(scorer: Scorer, settings: Settings) -> AskedScorer:
    if isinstance(scorer, PixelScorer):
        return AskedModel(scorer)
    assert isinstance(scorer, PictureScorer)
    return AskedService(scorer, Budget(settings.score_per_minute, settings.score_per_day))


def _wanted(known: tuple[Scorer, ...]) -> Wanted:
    return Wanted(
        tuple(sorted({each.side for each in known if isinstance(each, PixelScorer)})),
        tuple(sorted({each.side for each in known if isinstance(each, PictureScorer)})),
    )


def _can_be_seen(hashes: MediaHashes) -> bool:
    """Whether it has pictures, and looking at them again will not end as badly as before."""
    problem = hashes.problem
    return bool(hashes.pictures) and (problem is None or problem.code not in _HOPELESS)
