"""Work that is done piece by piece on many processors, by Daft: on its own runner, or on Ray.

A worker opens what it needs once and takes one piece after the other. A piece and what comes of it
are bytes; whatever is large stays where the worker is. Neither Daft nor Ray is let tell anybody
outside that it is used.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Any, cast

from amparo.core.errors import Unavailable

OpenWork = Callable[[], AbstractContextManager[Callable[[bytes], bytes]]]
"""Opens, in a worker, what does a piece; it must be picklable."""

_LOOK_S = 0.5
_PARTITIONS_A_WORKER = 8
"""Ray gives a worker one at a time."""

_QUIET = {
    "DAFT_ANALYTICS_ENABLED": "0",
    "DO_NOT_TRACK": "1",
    "DAFT_PROGRESS_BAR": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",
}


class Runner(StrEnum):
    """Where the workers are."""

    LOCAL = "local"
    """On this machine, by Daft alone."""

    RAY = "ray"
    """On a Ray cluster: that of RAY_ADDRESS, or one that is begun on this machine."""


def each(
    pieces: Sequence[bytes], open_work: OpenWork, *, runner: Runner, workers: int
) -> Iterator[bytes]:
    """What comes of each piece, as soon as it is done. Raises Unavailable where a worker fails."""
    daft = _daft(runner)
    worker = _worker_class(daft, workers)(open_work, runner is Runner.LOCAL)
    table = daft.from_pydict({"piece": list(pieces)})
    if runner is Runner.RAY:
        table = table.into_partitions(min(len(pieces), workers * _PARTITIONS_A_WORKER))
    done = table.select(worker.do(table["piece"]).alias("done"))
    try:
        for row in done.iter_rows(results_buffer_size=None):
            yield cast(bytes, row["done"])
    except Exception as error:
        raise Unavailable(
            f"A worker failed ({_last_line(error)}); what is done stays done, run it again."
        ) from error


def _daft(runner: Runner) -> Any:
    """Daft with its runner, for the life of this process. Raises Unavailable."""
    os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})
    try:
        import daft
    except ImportError as error:
        raise Unavailable(
            "This needs parts that are not installed: pip install 'amparo[bulk]'."
        ) from error
    if runner is Runner.RAY:
        daft.set_runner_ray(noop_if_initialized=True)
    else:
        daft.set_runner_native()
    return daft


def _worker_class(daft: Any, workers: int) -> Any:
    """A class of Daft's, of which so many are made, each in a process of its own."""

    class Worker:
        def __init__(self, open_work: OpenWork, is_child: bool) -> None:
            if is_child:
                end_with_parent()
            self._opened = open_work()
            self._work = self._opened.__enter__()

        @daft.method.batch(return_dtype=daft.DataType.binary(), batch_size=1)  # type: ignore[untyped-decorator]
        def do(self, pieces: Any) -> list[bytes]:
            return [self._work(piece) for piece in pieces.to_pylist()]

    return daft.cls(Worker, max_concurrency=workers, use_process=True, cpus=1.0)


def end_with_parent() -> None:
    """Have this process end when the one that started it is gone, however that ended."""
    parent = os.getppid()

    def look() -> None:
        pause = threading.Event()
        while not pause.wait(_LOOK_S):
            if os.getppid() != parent:
                os._exit(1)

    threading.Thread(target=look, name="parent", daemon=True).start()


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else type(error).__name__
