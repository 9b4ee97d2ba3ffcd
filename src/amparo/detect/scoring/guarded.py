"""Whoever is asked for an upload, within a time, a budget, and behind a breaker; or why not."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

import structlog

from amparo.core.seldom import Seldom
from amparo.detect.media.sandbox import Answer
from amparo.detect.scoring.breaker import Breaker
from amparo.detect.scoring.budget import Budget
from amparo.detect.scoring.scorer import Busy, Silent, UnknownWord

A = TypeVar("A")

_seldom = Seldom(structlog.get_logger(__name__))


class Why(StrEnum):
    """Why something was not said of an upload."""

    LATE = "late"
    """No answer within AMPARO_SCORE_SECONDS, or too little of them left to ask."""

    BUDGET = "budget"
    """The calls of this minute or this day are spent."""

    BREAKER = "breaker"
    """It failed several times in a row, and is left alone."""

    BUSY = "busy"
    """It asked to be left alone."""

    FAILED = "failed"
    """It raised an error, or answered what makes no sense."""

    TOO_LARGE = "too-large"
    """To make its picture small takes more memory than one of several uploads may have."""

    UNKNOWN = "unknown-answer"
    """It answered with a word that nobody here knows."""

    SILENT = "not-answered"
    """It answered, and said nothing of what it was asked about."""

    PARTLY = "partly-asked"
    """It was asked about some of a video's frames, from all over it: one call takes no more."""

    UNCONFIRMED = "unconfirmed"
    """The contract with it is not confirmed, so that it was told nothing."""


@dataclass(frozen=True, slots=True)
class Absent:
    """What was not said. Absent is not harmless: nothing is known. `word` is one of theirs."""

    why: Why
    word: str = ""

    @property
    def told(self) -> str:
        """As answers and the record have it."""
        return f"{self.why.value}: {self.word}" if self.word else self.why.value


@dataclass(frozen=True, slots=True, repr=False)
class Begun(Generic[A]):
    """A question that was asked: what it will have said, and its number at the breaker."""

    answer: Answer[A]
    question: int


class Guarded(Generic[A]):
    """One of those that are asked; `budget` None where it costs nothing but this machine's time."""

    def __init__(self, name: str, breaker: Breaker, budget: Budget | None = None) -> None:
        self.name = name
        self.breaker = breaker
        self._budget = budget

    def begin(self, ask: Callable[[], Answer[A]]) -> Begun[A] | Absent:
        """Have it asked, if it may be."""
        question = self.breaker.enter()
        if question is None:
            return Absent(Why.BREAKER)
        if self._budget is not None and not self._budget.take():
            self.breaker.leave(question)
            return Absent(Why.BUDGET)
        return Begun(ask(), question)

    def end(self, begun: Begun[A] | Absent, until: float, *, had_time: bool = True) -> A | Absent:
        """What it said before `until`, a moment of `time.monotonic`.

        Without `had_time` it was asked so late that being late is no failure of its own.
        """
        if isinstance(begun, Absent):
            return begun
        try:
            said = begun.answer.result(timeout=max(0.0, until - time.monotonic()))
        except Exception as error:  # noqa: BLE001 (a plug-in raises anything; it is told and counted)
            if isinstance(error, TimeoutError) and not had_time:
                self.breaker.leave(begun.question)
                return Absent(Why.LATE)
            return self._failed(error, begun.question)
        self.breaker.succeeded(begun.question)
        return said

    def _failed(self, error: Exception, question: int) -> Absent:
        _seldom.warning("A scorer did not answer.", why=f"{self.name}: {type(error).__name__}")
        if isinstance(error, Busy):
            self.breaker.rest(error.seconds)
            return Absent(Why.BUSY)
        if isinstance(error, UnknownWord):
            self.breaker.succeeded(question)
            return Absent(Why.UNKNOWN, error.word)
        if isinstance(error, Silent):
            self.breaker.succeeded(question)
            return Absent(Why.SILENT)
        self.breaker.failed(question)
        return Absent(Why.LATE if isinstance(error, TimeoutError) else Why.FAILED)
