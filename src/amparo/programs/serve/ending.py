"""A signal that asks a program to end is heeded, wherever in its start it strikes.

Python raises what a handler raises between any two steps, also where it is passed over: in a
callback of the search for garbage it would be lost, and with it the signal.
"""

import signal
from types import FrameType, TracebackType
from typing import Protocol, Self

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stoppable(Protocol):
    """What serves until it is told to stop, such as an HTTP server."""

    should_exit: bool


class Ending:
    """Remembers that somebody has asked; use it in a `with` block around all that is started."""

    def __init__(self) -> None:
        self._asked = 0
        self._running: Stoppable | None = None

    def __enter__(self) -> Self:
        self._before = {each: signal.signal(each, self._ask) for each in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)
        if error is None:
            self.check()

    def runs(self, what: Stoppable) -> None:
        """From now on a signal stops `what`. Raises SystemExit where one has come before."""
        self._running = what
        self.check()

    def check(self) -> None:
        """Raises SystemExit where somebody has asked for the end."""
        if self._asked:
            raise SystemExit(128 + self._asked)

    def _ask(self, number: int, _: FrameType | None) -> None:
        self._asked = number
        if self._running is not None:
            self._running.should_exit = True
        else:
            self.check()
