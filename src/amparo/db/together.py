"""Jobs that threads bring at once, written in one transaction: a commit for all of them."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

_MOST = 32
"""Jobs in a transaction, so that other processes come in between."""


@dataclass(slots=True)
class _Brought:
    """A job, and what came of it."""

    job: Callable[[Connection], Any]
    is_done: bool = False
    value: Any = None
    error: BaseException | None = None


class Together:
    """Whoever comes first writes for all who wait; they find that their job is done."""

    def __init__(self, work: Callable[[], AbstractContextManager[Connection]]) -> None:
        """`work` begins a transaction, which is committed at the end."""
        self._work = work
        self._changing = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[_Brought] = []

    def write(self, job: Callable[[Connection], T]) -> T:
        """What `job` returns, once it is committed. Raises whatever it raises, or the commit."""
        mine = _Brought(job)
        with self._changing:
            self._waiting.append(mine)
        with self._turn:
            while not mine.is_done:
                with self._changing:
                    some, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                self._write(some)
        if mine.error is not None:
            raise mine.error
        value: T = mine.value
        return value

    def _write(self, some: list[_Brought]) -> None:
        try:
            with self._work() as work:
                for each in some:
                    each.value = each.job(work)
        except BaseException as error:  # noqa: BLE001 (it belongs to whoever has brought the job)
            if len(some) == 1:
                some[0].error = error
            else:  # one of them has failed: each for itself, so that the others are not lost
                for each in some:
                    self._write([each])
        for each in some:
            each.is_done = True
