"""Processes that serve from one socket: started, replaced where one dies, ended together."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from types import FrameType

import structlog

from amparo.app.metrics import SHARED
from amparo.core.errors import Unavailable

START_S = 120
"""For loading everything on a slow and busy machine."""

_END_S = 40
_LOOK_S = 0.2
_FAST_DEATH_S = 10
_MOST_FAST_DEATHS = 5

_SPARING = {"OPENBLAS_NUM_THREADS": "1"}
"""Without this each thread of a library keeps memory of its own that it hardly uses."""

_log = structlog.get_logger(__name__)


class Workers:
    """The processes. Each has an end of a pipe that closes when this one dies, however it does."""

    def __init__(self, listener: socket.socket, count: int) -> None:
        self._listener = listener
        self._count = count
        self._stop = threading.Event()
        self._alive, self._held = os.pipe()
        self._workers: dict[subprocess.Popen[bytes], float] = {}
        # They count together, or each scrape would tell what another one has counted.
        self._counts = tempfile.TemporaryDirectory(prefix="amparo-metrics-")
        self._fast_deaths = 0

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until a signal comes; `ready` is called when all serve. Raises Unavailable."""
        before = {
            number: signal.signal(number, self._asked_to_stop)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        try:
            for _ in range(self._count):
                self._start()
            ready()
            while not self._stop.wait(_LOOK_S):
                self._replace_the_dead()
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked_to_stop(self, _: int, __: FrameType | None) -> None:
        self._stop.set()

    def _start(self) -> None:
        told, telling = os.pipe()
        worker = subprocess.Popen(
            [
                sys.executable, "-m", "amparo.programs.serve.worker",
                str(self._listener.fileno()), str(self._alive), str(telling), str(self._count),
            ],
            pass_fds=(self._listener.fileno(), self._alive, telling),
            env=_SPARING | os.environ | {SHARED: self._counts.name},
        )  # fmt: skip
        os.close(telling)
        self._workers[worker] = time.monotonic()
        with os.fdopen(told, "rb") as pipe:
            if not pipe.read(1):  # it has closed its end, and not said that it serves
                raise Unavailable("A process that serves could not start; its log says why.")

    def _replace_the_dead(self) -> None:
        for worker, began in list(self._workers.items()):
            if worker.poll() is None or self._stop.is_set():
                continue
            del self._workers[worker]
            _log.warning("A process that served has ended; another takes its place.",
                         status=worker.returncode)  # fmt: skip
            fast = time.monotonic() - began < _FAST_DEATH_S
            self._fast_deaths = self._fast_deaths + 1 if fast else 0
            if self._fast_deaths == _MOST_FAST_DEATHS:
                raise Unavailable("Processes that serve die as they start; the log says why.")
            self._start()

    def _end(self) -> None:
        """All of them, after the requests at work."""
        for worker in self._workers:
            worker.terminate()
        until = time.monotonic() + _END_S
        for worker in self._workers:
            try:
                worker.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        self._counts.cleanup()
        os.close(self._held)
        os.close(self._alive)
