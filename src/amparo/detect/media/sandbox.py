"""Worker processes in which hostile bytes may crash, hang or swell without harm to anything else.

Workers are forked from a server process that has everything loaded already. Before its first item
a worker gives up new descriptors, and with them files and sockets; it has a limit of memory, and
one of processor time anew for each item. One that dies takes only its own item with it. What this
does not stop is listed in docs/decisions/0005.
"""

import ctypes
import math
import multiprocessing
import os
import resource
import signal
import socket
import tempfile
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from importlib import import_module
from multiprocessing import forkserver
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from pebble import CONSTS, ProcessExpired, ProcessPool

from amparo.core.errors import Unavailable
from amparo.core.problems import Problem, ProblemCode
from amparo.detect.media.model import Limits, MediaError

P = ParamSpec("P")
R = TypeVar("R")

_WALL_SECONDS_PER_CPU_SECOND = 3
"""A worker that waits for others' work on a busy machine is not hanging yet."""

_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


SMALLEST_SHARE_BYTES = 192 * 1024 * 1024
"""What an item may take however many processes share the memory."""

_MOST_RESTARTS = 5

# A worker that is killed while it holds the pool's lock keeps the others waiting for so long.
CONSTS.channel_lock_timeout = 10

_ITEMS_OF_A_WORKER = 1000
"""Then it is replaced, with whatever memory its libraries have not given back."""


class Sandbox:
    """A pool of worker processes; use it in a `with` block, before starting any thread."""

    def __init__(self, limits: Limits, *, processes: int = 0, preload: Sequence[str] = ()) -> None:
        """`processes` 0 means one a processor.

        `preload` names the modules of all work that will be submitted: a worker can open no file,
        so that it cannot import one later.
        """
        self.processes = processes or len(os.sched_getaffinity(0))
        self._limits = limits
        self._preload = tuple(preload)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["amparo.detect.media.sandbox", *preload])
        self._pool = self._new_pool()
        self._restarts = 0

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            self.processes,
            initializer=_confine,
            initargs=(self._limits.memory_bytes, self._preload),
            context=self._context,
            max_tasks=_ITEMS_OF_A_WORKER,
        )

    def __enter__(self) -> Self:
        """Start the server; it loads what is needed while the caller goes on."""
        # One thread each: a fork copies only the thread that calls it.
        before = os.environ.get("OPENBLAS_NUM_THREADS")
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        # The server inherits this: an interrupt is ours to handle, whatever it is just loading.
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
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves it untyped
        self._pool.join()

    @property
    def share(self) -> Limits:
        """The limits of an item beside others: all of them together keep within the memory."""
        part = max(self._limits.memory_bytes // self.processes, SMALLEST_SHARE_BYTES)
        return replace(self._limits, memory_bytes=min(part, self._limits.memory_bytes))

    def submit(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        """Run `work` in a worker. It and its arguments must be picklable."""
        while True:
            try:
                return self._schedule(work, args, kwargs)
            except RuntimeError as error:  # the pool has lost its footing since the last item
                self._restart(error)  # raises after a few times

    def _schedule(
        self, work: Callable[..., R], args: tuple[object, ...], kwargs: dict[str, object]
    ) -> "Future[R]":
        return self._pool.schedule(
            _limited,
            args=(work, self._limits.seconds, args, kwargs),
            timeout=self._limits.seconds * _WALL_SECONDS_PER_CPU_SECOND,
        )

    def _restart(self, error: BaseException) -> None:
        """A new pool, since somebody outside killed what the old one stood on; not for ever."""
        self._restarts += 1
        if self._restarts > _MOST_RESTARTS:
            raise Unavailable(
                "The sandbox's workers do not stay alive; `amparo doctor` says what is missing."
            ) from error
        self._pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves it untyped
        self._pool.join()
        self._pool = self._new_pool()


def is_accident(error: BaseException | None) -> bool:
    """Whether an item failed for what may have been no fault of its own: it deserves a retry.

    Its worker was killed, or the whole pool is gone. Time and memory that ran out are its own.
    """
    if isinstance(error, ProcessExpired):
        return bool(error.exitcode != -signal.SIGXCPU)
    return isinstance(error, BrokenProcessPool)


def problem_of(error: BaseException, limits: Limits) -> Problem:
    """What became of an item whose future holds `error`; an error of our own is raised again."""
    if isinstance(error, MediaError):
        return error.problem
    if isinstance(error, MemoryError):
        return _out_of_memory(limits)
    if isinstance(error, FutureTimeout):
        return _out_of_time(limits)
    if isinstance(error, ProcessExpired):
        if error.exitcode == -signal.SIGXCPU:
            return _out_of_time(limits)
        return Problem(
            ProblemCode.MEDIA_DECODER_CRASHED,
            "The decoder died on this file; treat the file as hostile.",
        )
    if isinstance(error, BrokenProcessPool):
        raise Unavailable(
            "The sandbox's workers do not start; `amparo doctor` says what is missing."
        ) from error
    raise error


def confinement_holds(temporary_folder: str) -> list[str]:
    """Try, inside a worker, what a worker must not be able to do; the names of what worked."""
    return [name for name, attempt in _ATTEMPTS.items() if _succeeds(attempt, temporary_folder)]


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "a folder that no longer exists"


def _out_of_time(limits: Limits) -> Problem:
    return Problem(
        ProblemCode.MEDIA_OUT_OF_TIME,
        f"Decoding took longer than {limits.seconds} s (AMPARO_ITEM_SECONDS).",
    )


def _out_of_memory(limits: Limits) -> Problem:
    mebibytes = limits.memory_bytes // (1024 * 1024)
    return Problem(
        ProblemCode.MEDIA_OUT_OF_MEMORY,
        f"Decoding needs more than {mebibytes} MiB of memory (AMPARO_ITEM_MEMORY_BYTES).",
    )


def _confine(memory_bytes: int, preload: Sequence[str]) -> None:
    """Runs in a new worker before its first item."""
    try:
        for module in preload:
            import_module(module)
    except Exception:
        traceback.print_exc()  # The pool would say no more than that its workers are gone.
        raise
    # Without this a worker in a native loop would sit out the pool's polite request to stop.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    used = _data_bytes()
    # A taken-over decoder shall not write lines of its own among the results.
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    _lower(resource.RLIMIT_DATA, used + memory_bytes)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_NPROC, 0)
    # Descriptors 0 to 2 are taken, so that no number is left for a new one.
    _lower(resource.RLIMIT_NOFILE, 3)


def _lower(limit: int, wanted: int, *, for_good: bool = True) -> None:
    """Set a limit, but never above the one that this process was given."""
    _, hard = resource.getrlimit(limit)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(limit, (wanted, wanted if for_good else hard))


def _data_bytes() -> int:
    """What counts against RLIMIT_DATA so far."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    raise Unavailable("/proc/self/status does not tell VmData; Amparo's sandbox needs Linux.")


def _limited(
    work: Callable[..., R], seconds: int, args: tuple[object, ...], kwargs: dict[str, object]
) -> R:
    """Runs in a worker: `seconds` of processor time more for this item."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(usage.ru_utime + usage.ru_stime) + seconds
    _lower(resource.RLIMIT_CPU, until, for_good=False)
    return work(*args, **kwargs)


def _open_a_socket(_: str) -> None:
    socket.socket().close()


def _open_a_file(folder: str) -> None:
    os.close(os.open(folder, os.O_RDONLY))


_ATTEMPTS: dict[str, Callable[[str], None]] = {
    "open a file": _open_a_file,
    "open a socket": _open_a_socket,
}


def _succeeds(attempt: Callable[[str], None], folder: str) -> bool:
    try:
        attempt(folder)
    except OSError:
        return False
    return True
