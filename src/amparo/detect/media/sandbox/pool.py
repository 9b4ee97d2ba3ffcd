"""Work for the workers: handed to one that is free, tried again where an accident took it."""

import logging
import multiprocessing
import os
import pickle
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from types import GenericAlias, TracebackType
from typing import Any, ParamSpec, Protocol, Self, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError

from amparo.core.errors import Unavailable
from amparo.core.problems import Problem, ProblemCode
from amparo.detect.media.model import Limits, MediaError
from amparo.detect.media.sandbox import inside
from amparo.detect.media.sandbox.messages import (
    ANSWER,
    ENOUGH,
    GO_ON,
    NO_MEMORY,
    PART,
    Gone,
    Message,
)
from amparo.detect.media.sandbox.threads import Answer, Threads, stopping
from amparo.detect.media.sandbox.worker import (
    Crashed,
    Killed,
    OutOfTime,
    Worker,
    await_ready,
    start_server,
    start_worker,
)

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
R_contra = TypeVar("R_contra", contravariant=True)
T_co = TypeVar("T_co", covariant=True)

SMALLEST_SHARE_BYTES = 192 * 1024 * 1024
"""What an item may take however many processes share the memory."""

_WALL_SECONDS_PER_CPU_SECOND = 3
"""A worker that waits for others' work on a busy machine is not hanging yet."""

_MOST_STARTS = 20
_SECONDS_BETWEEN_STARTS = 0.25
_FAILED_BEFORE_IT_SERVED = 1  # multiprocessing's own status for it
_MOST_FAILURES = 2

_MOST_TRIES = {Crashed: 2, Killed: 4}
"""A crash may be the doing of an item before; to be killed is no fault of an item's at all."""

_WORDS = {
    Crashed: "The decoder died on this file; treat the file as hostile.",
    Killed: "Something outside Amparo kills its workers, perhaps a system short of memory.",
}

_log = logging.getLogger(__name__)


class Taker(Protocol[R_contra, T_co]):
    """Whoever takes the parts of one item, and makes something of them."""

    def begin(self) -> None:
        """Parts come from the first one on, perhaps anew after an accident."""

    def take(self, part: R_contra, /) -> bool:
        """Take a part; whether more of them are wanted."""

    def waited(self, seconds: float, /) -> None:
        """For so long others had their turn, which is not this one's time."""

    def ended(self, problem: MediaError | None) -> T_co:
        """What all of them come to; `problem` is why there are no more, if there is one."""


class Sandbox:
    """A pool of worker processes; use it in a `with` block."""

    def __init__(
        self,
        limits: Limits,
        *,
        processes: int = 0,
        preload: Sequence[str] = (),
        items_of_a_worker: int = 1000,
    ) -> None:
        """`processes` 0 means one a processor.

        After `items_of_a_worker` a worker is replaced, with whatever memory its libraries have not
        given back.

        `preload` names the modules of all work that will be submitted: a worker can open no file,
        so that it cannot import one later.
        """
        self.processes = processes or len(os.sched_getaffinity(0))
        self.restarts = 0
        self._limits = limits
        self._items_of_a_worker = items_of_a_worker
        self._preload = tuple(preload)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([inside.__name__, *preload])
        self._threads = Threads(self.processes)
        self._idle: list[Worker] = []
        self._alive: set[Worker] = set()
        self._changing = threading.Lock()

    def __enter__(self) -> Self:
        """Start the server; it loads what is needed while the caller goes on."""
        start_server()
        self._threads.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._threads.join()

    def stop(self) -> None:
        """End what is under way, and begin nothing any more; whoever waits is told Unavailable."""
        self._threads.close()
        with self._changing:
            alive = tuple(self._alive)
        for worker in alive:
            worker.kill()

    @property
    def share(self) -> Limits:
        """The limits of an item beside others: all of them together keep within the memory."""
        part = max(self._limits.memory_bytes // self.processes, SMALLEST_SHARE_BYTES)
        return replace(self._limits, memory_bytes=min(part, self._limits.memory_bytes))

    def submit(
        self, returns: type[R], work: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> Answer[R]:
        """Run `work`, a function of a preloaded module, in a worker.

        Arguments must be picklable; what comes back is checked to be a `returns`: a dataclass or
        what else JSON can carry. The answer raises MediaError where the item crashed its worker or
        took too long, MemoryError where it needs more memory, Unavailable where workers cannot be
        kept alive at all.
        """
        return self._threads.submit(lambda: self._run(returns, work, args, kwargs))

    def submit_parts(
        self,
        returns: type[R],
        taker: Taker[R, T],
        work: Callable[P, Iterator[R]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Answer[T]:
        """Run `work`, a generator, in a worker, and give each of its parts to `taker`.

        Each part may take as long as what `submit` runs, and what `submit` runs may come between
        two. The answer is what the taker makes of all of them; it raises MemoryError and
        Unavailable as that of `submit` does.
        """
        return self._threads.submit(
            lambda: self._run_parts(returns, taker, work, args, kwargs), is_long=True
        )

    def renew(self) -> None:
        """Give up the workers that wait, with whatever memory they kept from what they did."""
        while self._idle:
            self._drop(self._idle.pop())

    def _run_parts(
        self,
        returns: type[R],
        taker: Taker[R, T],
        work: Callable[..., Iterator[R]],
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> T:
        request = pickle.dumps((work, args, kwargs))
        try:
            self._ask(request, _adapter(returns), taker)  # type: ignore[arg-type]  # hashable
        except MediaError as error:
            return taker.ended(error)
        return taker.ended(None)

    def _run(
        self,
        returns: type[R],
        work: Callable[..., R],
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> R:
        request = pickle.dumps((work, args, kwargs))
        return cast(R, self._ask(request, _adapter(returns)))  # type: ignore[arg-type]  # hashable

    def _ask(
        self, request: bytes, adapter: TypeAdapter[Any], taker: Taker[Any, Any] | None = None
    ) -> object:
        """The answer of a worker that lived to give it."""
        accidents: Counter[type[Exception]] = Counter()
        while True:
            try:
                return self._ask_once(request, adapter, taker)
            except OutOfTime:
                raise MediaError(
                    ProblemCode.MEDIA_OUT_OF_TIME,
                    f"Decoding took longer than {self._limits.seconds} s (AMPARO_ITEM_SECONDS).",
                ) from None
            except (Crashed, Killed) as error:
                accidents[type(error)] += 1
                if accidents[type(error)] == _MOST_TRIES[type(error)]:
                    raise _crashed(_WORDS[type(error)]) from None

    def _ask_once(
        self, request: bytes, adapter: TypeAdapter[Any], taker: Taker[Any, Any] | None
    ) -> object:
        worker = self._take()
        seconds = self._limits.seconds * _WALL_SECONDS_PER_CPU_SECOND
        try:
            message = worker.ask(request, seconds=seconds)
            if taker is None:
                answer = _read(message, adapter)
            else:
                answer = self._take_parts(worker, message, adapter, taker, seconds)
        except BaseException as error:
            self.restarts += 1
            self._drop(worker)
            if self._threads.closing and isinstance(error, (Crashed, Killed, OSError)):
                raise stopping() from None  # which killed it: the item is not to blame
            raise
        # While a video lets others in, there are more workers than work for them afterwards.
        if worker.items < self._items_of_a_worker and len(self._idle) < self.processes:
            self._idle.append(worker)
        else:
            self._drop(worker)
        return answer

    def _take_parts(
        self,
        worker: Worker,
        message: Message,
        adapter: TypeAdapter[Any],
        taker: Taker[Any, Any],
        seconds: float,
    ) -> object:
        """Give each part to the taker, until it has enough or there are no more.

        After each, others may have as much time as it took: a long video holds nobody up.
        """
        taker.begin()
        began = time.monotonic()
        while message.kind == PART:
            goes_on = taker.take(_read(Message(ANSWER, message.payload), adapter))
            if goes_on:
                now = time.monotonic()
                self._threads.let_others_in(until=now + (now - began))
                began = time.monotonic()
                taker.waited(began - now)
            message = worker.tell(Message(GO_ON if goes_on else ENOUGH, b""), seconds=seconds)
        return _read(message, _NOTHING)

    def _take(self) -> Worker:
        """A worker for the calling thread alone."""
        while True:
            try:
                worker = self._idle.pop()
            except IndexError:
                return self._start()
            if worker.is_waiting:
                return worker
            self._drop(worker)

    def _start(self) -> Worker:
        failures = 0
        for _ in range(_MOST_STARTS):
            worker = None
            try:
                worker = start_worker(
                    self._limits.memory_bytes, self._limits.seconds, self._preload
                )
                self._enlist(worker)
                await_ready(worker)
            except (Gone, EOFError, OSError):  # its server or itself was just killed
                if worker is not None and self._drop(worker) == _FAILED_BEFORE_IT_SERVED:
                    failures += 1
                if failures == _MOST_FAILURES:
                    raise Unavailable(
                        "The sandbox's workers fail as they start; what they printed says why."
                    ) from None
                time.sleep(_SECONDS_BETWEEN_STARTS)
            else:
                return worker
        raise Unavailable(
            "The sandbox's workers do not stay alive; `amparo doctor` says what is missing."
        )

    def _enlist(self, worker: Worker) -> None:
        with self._changing:
            if not self._threads.closing:
                self._alive.add(worker)
                return
        worker.kill()
        raise stopping()

    def _drop(self, worker: Worker) -> int | None:
        """End it; its exit status."""
        status = worker.kill()
        with self._changing:
            self._alive.discard(worker)
        return status


def out_of_memory(limits: Limits) -> Problem:
    """What is said of an item that needs more memory than all of them have together."""
    mebibytes = limits.memory_bytes // (1024 * 1024)
    return Problem(
        ProblemCode.MEDIA_OUT_OF_MEMORY,
        f"Decoding needs more than {mebibytes} MiB of memory (AMPARO_ITEM_MEMORY_BYTES).",
    )


def _read(message: Message, adapter: TypeAdapter[Any]) -> object:
    """What a worker said, in which hostile bytes may have had a say."""
    if message.kind == NO_MEMORY:
        raise MemoryError
    if message.kind == ANSWER:
        try:
            return adapter.validate_json(b"[" + message.payload + b"]")[0]
        except ValidationError as error:
            raise Crashed from error
    _log.error("A worker failed: %s", ascii(message.payload.decode(errors="replace")))
    raise _crashed("Amparo itself failed on this file; the log says how.")


def _crashed(message: str) -> MediaError:
    return MediaError(ProblemCode.MEDIA_DECODER_CRASHED, message)


@lru_cache(maxsize=32)
def _adapter(returns: Hashable) -> TypeAdapter[Any]:
    """Reads answers; a tuple, because a dataclass alone would not take its configuration."""
    answer = cast(Any, GenericAlias(tuple, (returns,)))
    return TypeAdapter(answer, config=ConfigDict(strict=True, val_json_bytes=inside.BYTES_MODE))


_NOTHING: TypeAdapter[Any] = _adapter(cast(Hashable, type(None)))
