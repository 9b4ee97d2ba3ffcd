"""Work for workers in tests: it answers in capitals, and fails where it is told to."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from amparo.core.errors import NotFound


@contextmanager
def open_work() -> Iterator[Callable[[bytes], bytes]]:
    """What shouts."""

    def shout(piece: bytes) -> bytes:
        if piece == b"fail":
            raise ValueError("this piece is bad")
        if piece == b"refuse":
            raise NotFound("There is no such piece; bring another.")
        if piece == b"slow":
            time.sleep(0.5)  # so that the other worker has the rest
        return piece.upper() + b" %d" % os.getpid()

    yield shout


def prepare() -> None:
    """Nothing to do."""
