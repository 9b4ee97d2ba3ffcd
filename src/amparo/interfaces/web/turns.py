"""Turns at what anybody may ask for and what takes long: few at once, few that wait, no more."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, HTTPException, Request

from amparo.access.people.passwords import AT_ONCE, KNOWN_AT_ONCE

MOST_WAITING = 8

T = TypeVar("T")


class Turns:
    """Threads of their own, so that whoever waits for a turn keeps nobody else waiting.

    Used in the event loop alone, so that nothing needs a lock.
    """

    def __init__(self, at_once: int) -> None:
        self._threads = CapacityLimiter(at_once)
        self._left = at_once + MOST_WAITING

    async def take(self, do: Callable[[], T]) -> T:
        """What `do` comes to. Raises HTTPException 503 at once where too many wait."""
        if not self._left:
            raise HTTPException(
                503,
                "So many ask for this at once that there is no room for one more; try it again.",
                headers={"Retry-After": "1"},
            )
        self._left -= 1
        try:
            return await to_thread.run_sync(do, limiter=self._threads)
        finally:
            self._left += 1


class TurnsAtPasswords:
    """Turns at having a password hashed, for the whole process, since each takes much memory.

    Whoever signs in where they did before waits for no stranger, however many come.
    """

    def __init__(self) -> None:
        self.strangers = Turns(AT_ONCE)
        self.known = Turns(KNOWN_AT_ONCE)


async def _at_passwords(request: Request) -> TurnsAtPasswords:
    turns = request.app.state.at_passwords
    assert isinstance(turns, TurnsAtPasswords)
    return turns


AtPasswords = Annotated[TurnsAtPasswords, Depends(_at_passwords)]
