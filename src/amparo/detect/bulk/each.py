"""Work that is done piece by piece on many processors, by Daft: on its own runner, or on Ray.

A worker opens what it needs once and takes one piece after the other. A piece and what comes of it
are bytes; whatever is large stays where the worker is. Neither Daft nor Ray is let tell anybody
outside that it is used.
"""

import logging
import os
import pickle
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from secrets import token_hex
from typing import Any

from amparo.core.errors import AmparoError, Unavailable

OpenWork = Callable[[], AbstractContextManager[Callable[[bytes], bytes]]]
"""Opens, in a worker, what does a piece; it must be picklable."""

_PARTS = ("daft", "obstore", "pyarrow", "ray")
_DONE = b"\0"
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


@dataclass(frozen=True, slots=True)
class Crew:
    """Who works: how many, where, and what each does before it loads anything else."""

    runner: Runner
    workers: int
    prepare: Callable[[], None]


def each(pieces: Sequence[bytes], open_work: OpenWork, crew: Crew) -> Iterator[bytes]:
    """What comes of each piece, as soon as it is done.

    Raises Unavailable where a worker fails, with an error of ours in its own words.
    """
    runner, workers = crew.runner, crew.workers
    if runner is Runner.LOCAL and len(pieces) == 1:  # it would take Daft longer to begin
        with open_work() as work:
            yield work(pieces[0])
        return
    daft = _on_ray(workers) if runner is Runner.RAY else _here()
    # Unpacked after `prepare`: what it names may load kernels, whose place must be known before.
    packed = pickle.dumps(open_work)
    worker = _worker_class(daft, crew)(crew.prepare, packed, runner is Runner.LOCAL)
    table = daft.from_pydict({"piece": list(pieces)})
    if runner is Runner.RAY:
        table = table.into_partitions(min(len(pieces), workers * _PARTITIONS_A_WORKER))
    done = table.select(worker.do(table["piece"]).alias("done"))
    try:
        for row in done.iter_rows(results_buffer_size=None):
            yield _unwrapped(row["done"])
    except AmparoError:
        raise
    except Exception as error:
        raise Unavailable(
            f"A worker failed ({_last_line(error)}); what is done stays done, run it again."
        ) from error


def check_parts() -> None:
    """Raises Unavailable where what this extra brings is not installed."""
    missing = [name for name in _PARTS if not _is_there(name)]
    if missing:
        raise Unavailable(
            f"This needs {', '.join(missing)}, not installed here: pip install 'amparo[bulk]'."
        )


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:
        return False


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def workers_of(runner: Runner, *, processors_each: int) -> int:
    """How many workers there is room for, of so many processors each; on Ray of one each."""
    if runner is Runner.LOCAL:
        return -(-processors() // processors_each)
    _on_ray(processors())
    import ray

    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return max(1, int(resources.get("CPU", 1)))


def _daft() -> Any:
    os.environ.update({name: value for name, value in _QUIET.items() if name not in os.environ})
    import daft

    return daft


@cache
def _here() -> Any:
    """Daft with its own runner, which it takes once in the life of a process."""
    daft = _daft()
    daft.set_runner_native()
    return daft


def _on_ray(workers: int) -> Any:
    """Daft on the cluster of RAY_ADDRESS, or on one that is begun here with room for them all."""
    daft = _daft()
    named = os.environ.get("RAY_ADDRESS")
    if not named:
        os.environ.update(_with_a_secret_of_its_own())  # before Ray looks for it
    import ray

    if not ray.is_initialized():
        room = None if named else max(workers, processors())
        try:
            ray.init(
                num_cpus=room, include_dashboard=False, log_to_driver=False,
                logging_level=logging.ERROR,
            )  # fmt: skip
        except ConnectionError as error:
            raise Unavailable(
                f"No Ray cluster answers at RAY_ADDRESS, which is {named!r}: start one with `ray "
                "start --head`, name another, or unset it to have one begun here."
            ) from error
    daft.set_runner_ray(noop_if_initialized=True)
    return daft


def _with_a_secret_of_its_own() -> dict[str, str]:
    """A cluster that is begun here listens on every address, so that who calls it must know a word.

    Nothing where the operator has settled that.
    """
    settled = {"RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys()
    return {} if settled else {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token_hex(32)}


def _worker_class(daft: Any, crew: Crew) -> Any:
    """A class of Daft's, of which so many are made, each in a process of its own."""

    class Worker:
        def __init__(self, prepare: Callable[[], None], packed: bytes, is_child: bool) -> None:
            if is_child:
                end_with_parent()
            prepare()
            open_work: OpenWork = pickle.loads(packed)  # noqa: S301 (of this same run)
            self._opened = open_work()
            self._work = self._opened.__enter__()

        @daft.method.batch(return_dtype=daft.DataType.binary(), batch_size=1)  # type: ignore[untyped-decorator]
        def do(self, pieces: Any) -> list[bytes]:
            return [wrapped(self._work, piece) for piece in pieces.to_pylist()]

    cpus = 1.0 if crew.runner is Runner.RAY else None
    return daft.cls(Worker, max_concurrency=crew.workers, use_process=True, cpus=cpus)


def wrapped(work: Callable[[bytes], bytes], piece: bytes) -> bytes:
    """What comes of a piece, or the words of an error of ours: Daft would bury these."""
    try:
        return _DONE + work(piece)
    except AmparoError as error:
        return error.message.encode()


def _unwrapped(said: bytes) -> bytes:
    if not said.startswith(_DONE):
        raise Unavailable(said.decode())
    return said.removeprefix(_DONE)


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
