"""One worker process as the program sees it: started, asked, and ended."""

import os
import select
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait

from amparo.core.errors import Unavailable
from amparo.detect.media.sandbox.inside import serve
from amparo.detect.media.sandbox.messages import (
    READY,
    REQUEST,
    Gone,
    Message,
    Nonsense,
    receive,
    send,
)
from amparo.detect.media.sandbox.process import Forked

START_SECONDS = 120
"""For loading everything on a slow and busy machine."""

_GRACE_SECONDS = 1
"""One that is dying of a signal of its own shall tell of that one."""

_END_SECONDS = 10
_KILLED_FROM_OUTSIDE = frozenset({-signal.SIGKILL, -signal.SIGTERM, 255, None})
"""255 where the server that would have told died too."""

_LONGEST_ANSWER_BYTES = 16 * 1024 * 1024


class Crashed(Exception):
    """The worker died of this item, or what it said made no sense."""


class Killed(Exception):
    """Somebody else ended the worker, such as a system short of memory."""


class OutOfTime(Exception):
    """The item took longer than it may."""


@dataclass(slots=True, eq=False)
class Worker:
    """A process, and our end of the only connection that it has."""

    process: Forked
    channel: socket.socket
    items: int = 0

    @property
    def is_waiting(self) -> bool:
        """Whether it lives and says nothing, as between two items it should."""
        readable, _, _ = select.select([self.channel], [], [], 0)
        return not readable

    def ask(self, request: bytes, *, seconds: float) -> Message:
        """Its answer. Raises Crashed, Killed, or OutOfTime after `seconds`; it is dead then."""
        self.items += 1
        return self.tell(Message(REQUEST, request), seconds=seconds)

    def tell(self, message: Message, *, seconds: float) -> Message:
        """What it says to a message; raises the same."""
        until = time.monotonic() + seconds
        try:
            send(self.channel, message, until=until)
            return receive(self.channel, most_bytes=_LONGEST_ANSWER_BYTES, until=until)
        except TimeoutError:
            self.kill()
            raise OutOfTime from None
        except Nonsense as error:
            self.kill()
            raise Crashed from error
        except Gone:
            raise self._how_it_died() from None

    def _how_it_died(self) -> Exception:
        wait([self.process.sentinel], _GRACE_SECONDS)
        status = self.kill()
        if status == -signal.SIGXCPU:
            return OutOfTime()
        return Killed() if status in _KILLED_FROM_OUTSIDE else Crashed()

    def kill(self) -> int | None:
        """End it now, whatever it is doing; its exit status, negative for a signal."""
        self.channel.close()
        with _children:
            if self.process.exitcode is None:
                self.process.kill()
        wait([self.process.sentinel], _END_SECONDS)
        with _children:
            self.process.join(0)
            return self.process.exitcode


_children = threading.Lock()
"""multiprocessing looks after all its children whenever one is started, and not with threads."""


def start_worker(memory_bytes: int, item_seconds: int, preload: Sequence[str]) -> Worker:
    """A new process, not yet ready. Raises OSError or EOFError where its server was just killed."""
    start_server()
    ours, end = socket.socketpair()
    with Connection(end.detach()) as theirs:  # which is what multiprocessing hands over
        process = Forked(
            target=serve, args=(theirs, memory_bytes, item_seconds, tuple(preload)), daemon=True
        )
        try:
            with _children:
                process.start()
        except BaseException:
            ours.close()
            raise
    return Worker(process, ours)


def await_ready(worker: Worker) -> None:
    """Wait until it has loaded everything. Raises Gone, TimeoutError; Unavailable for good."""
    first = receive(
        worker.channel, most_bytes=_LONGEST_ANSWER_BYTES, until=time.monotonic() + START_SECONDS
    )
    if first.kind != READY:
        raise Unavailable(
            "The sandbox's workers cannot start; `amparo doctor` says what is missing.\n"
            + first.payload.decode(errors="replace")
        )


def start_server() -> None:
    """Start the process that workers are forked from, unless it runs; it loads meanwhile."""
    # One thread each: a fork copies only the thread that calls it.
    before = os.environ.get("OPENBLAS_NUM_THREADS")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    # The server inherits this, and the workers from it: an interrupt is ours to handle, whatever
    # they are just loading. Starting the tracker would let interrupts in again.
    resource_tracker.ensure_running()
    signals = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    except OSError as error:
        raise Unavailable(
            f"The sandbox cannot start from {_here()}, with its socket in "
            f"{tempfile.gettempdir()} ({error}); set TMPDIR to a short path."
        ) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)
        if before is None:
            del os.environ["OPENBLAS_NUM_THREADS"]
        else:
            os.environ["OPENBLAS_NUM_THREADS"] = before


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "a folder that no longer exists"
