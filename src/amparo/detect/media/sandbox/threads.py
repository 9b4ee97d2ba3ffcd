"""Threads that wait for others' work; whoever asked can be interrupted anywhere without harm.

An interrupt may strike between any two steps of Python. The locks of `concurrent.futures`, which
are taken in several steps, then stay taken for ever, and a thread that needs one never ends. So
nothing here is touched from both sides but what the interpreter takes and gives in a single step.
"""

import threading
from collections.abc import Callable
from enum import Enum, auto
from itertools import count
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Generic, TypeVar

from amparo.core.errors import Unavailable

R = TypeVar("R")
T = TypeVar("T")


class Answer(Generic[R]):
    """What some work will have given: a `concurrent.futures.Future` for a single reader."""

    def __init__(self) -> None:
        self._pending = threading.Lock()
        self._pending.acquire()
        self._done = False
        self._value: R | None = None
        self._error: BaseException | None = None

    def done(self) -> bool:
        """Whether `result` would answer at once."""
        return self._done

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What the work raised, once it is over. Raises TimeoutError after so many seconds."""
        if not self._done and not self._pending.acquire(timeout=-1 if timeout is None else timeout):
            raise TimeoutError
        return self._error

    def result(self, timeout: float | None = None) -> R:
        """What the work gave, or raise what it raised; Unavailable where it never began."""
        if (error := self.exception(timeout)) is not None:
            raise error
        return self._value  # type: ignore[return-value]  # set, or there would be an error

    def fill(self, work: Callable[[], R]) -> None:
        """Do the work, in the thread that was given it."""
        try:
            self._value = work()
        except BaseException as error:  # noqa: BLE001 (raised again where the result is asked for)
            self._error = error
        self._done = True
        self._pending.release()


_Jobs = SimpleQueue[Callable[[], None]]

_LONG_ONES_TURN = 4
"""Where both wait, each so-manieth piece is a long one."""


class _Token(Enum):
    """What a thread that waits is told: one for each piece, and one for each thread at the end."""

    WORK = auto()
    END = auto()


class Threads:
    """As many as are told, each with one piece of work at a time, in the order of submission.

    Long pieces wait for the others, and let some of these in between their own parts.
    """

    def __init__(self, number: int) -> None:
        self.closing = False
        self._short: _Jobs = SimpleQueue()
        self._long: _Jobs = SimpleQueue()
        self._tokens: SimpleQueue[_Token] = SimpleQueue()
        self._turns = count(1)
        self._threads = tuple(
            threading.Thread(target=self._serve, name=f"sandbox-{one}", daemon=True)
            for one in range(number)
        )

    def start(self) -> None:
        """Before this nothing can be submitted."""
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[[], T], *, is_long: bool = False) -> Answer[T]:
        """Have it done when all of its kind before it are done or in hand."""
        answer: Answer[T] = Answer()
        jobs = self._long if is_long else self._short
        jobs.put(lambda: answer.fill(lambda: self._unless_closing(work)))
        self._tokens.put(_Token.WORK)
        if self.closing:  # asked last, or it might go unseen
            raise stopping()
        if not self._threads[-1].is_alive():
            raise RuntimeError("A sandbox takes work only within its `with` block.")
        return answer

    def let_others_in(self, until: float) -> None:
        """Do what is short and waits, in the thread of a long piece; begin none after `until`."""
        while monotonic() < until and (job := _first_of(self._short)) is not None:
            job()
            del job

    def close(self) -> None:
        """What has not begun is cancelled; what has goes on."""
        self.closing = True
        for _ in self._threads:
            self._tokens.put(_Token.END)

    def join(self) -> None:
        """Return when all have ended; `close` them first."""
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        token = _Token.WORK
        while token is _Token.WORK:
            token = self._tokens.get()
            # All that there is: another's token may have been spent on a look at a queue that was
            # empty just then, and an interrupt may have left a piece without any.
            while (job := self._next()) is not None:
                job()
                del job  # or it would keep what it gave until the next

    def _next(self) -> Callable[[], None] | None:
        if next(self._turns) % _LONG_ONES_TURN == 0:
            return _first_of(self._long) or _first_of(self._short)
        return _first_of(self._short) or _first_of(self._long)

    def _unless_closing(self, work: Callable[[], T]) -> T:
        if self.closing:
            raise stopping()
        return work()


def stopping() -> Unavailable:
    """What is said of work that the end of this process has cut off."""
    return Unavailable("Amparo is stopping; ask again in a moment.")


def _first_of(jobs: _Jobs) -> Callable[[], None] | None:
    try:
        return jobs.get_nowait()
    except Empty:
        return None
