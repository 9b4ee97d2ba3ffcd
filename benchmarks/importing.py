"""A million signals into a list at once, while others write: how long it takes and they wait."""

import gc
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from amparo.access.keys import create_organisation
from amparo.core.clock import SystemClock
from amparo.db import Database
from amparo.db.migrate import upgrade
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.bulk_import import import_signals
from amparo.detect.lists.model import NewList, Signal, SignalList
from amparo.detect.lists.store import Lists
from benchmarks.figures import Figure
from benchmarks.known_hashes import uniform
from benchmarks.servers import signals_of

DEFAULT_ROWS = 1_000_000
LIMIT_S = 60
WAIT_MS = 100
_CLOCK = SystemClock()
_BETWEEN_WRITES_S = 0.01


def measure(size: int = DEFAULT_ROWS) -> list[Figure]:
    """On SQLite."""
    with _sqlite() as database:
        seconds, waits = _imported(database, size)
    full = 1 if size >= DEFAULT_ROWS else None
    return [
        Figure.of("import into a list, SQLite", "s", [seconds], [LIMIT_S], "limit",
                  target=full, at_most=True),
        Figure.of("another writer meanwhile, median", "ms", [float(np.median(waits))], [WAIT_MS],
                  "limit", at_most=True),
        Figure.of("another writer meanwhile, p99", "ms", [float(np.percentile(waits, 99))],
                  [WAIT_MS], "limit", at_most=True),
        Figure.of("another writer meanwhile, longest", "ms", [max(waits)], [WAIT_MS], "limit",
                  target=1, at_most=True),
    ]  # fmt: skip


@contextmanager
def _sqlite() -> Iterator[Database]:
    with (
        tempfile.TemporaryDirectory(prefix="amparo-bench-") as name,
        Database(f"sqlite:///{Path(name)}/amparo.db") as database,
    ):
        upgrade(database)
        yield database


def _imported(database: Database, size: int) -> tuple[float, list[float]]:
    """Seconds of the import, and milliseconds of each addition to another list meanwhile."""
    with database.work() as work:
        organisation = create_organisation(work, "a platform", _CLOCK.now())
        known = Lists(work).create(NewList("known"), organisation, _CLOCK.now())
        other = Lists(work).create(NewList("other"), organisation, _CLOCK.now())
    stop = threading.Event()
    waits: list[float] = []
    writer = threading.Thread(target=_write, args=(database, other, stop, waits))
    gc.collect()
    gc.freeze()  # as a service does once it has started
    writer.start()
    began = time.perf_counter()
    import_signals(
        database, known, signals_of(uniform(size)), actor="benchmark", clock=_CLOCK
    )  # fmt: skip
    seconds = time.perf_counter() - began
    stop.set()
    writer.join()
    gc.unfreeze()
    return seconds, waits


def _write(
    database: Database, other: SignalList, stop: threading.Event, waits: list[float]
) -> None:
    number = 0
    while not stop.wait(_BETWEEN_WRITES_S):
        signal = Signal("s", Algorithm.PDQ, f"{number:064x}")
        began = time.perf_counter()
        with database.work() as work:
            Lists(work).add(other, [signal], actor="benchmark", now=_CLOCK.now())
        waits.append((time.perf_counter() - began) * 1000)
        number += 1
