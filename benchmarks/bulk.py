"""Archives: a scan against the pipeline, Ray with two workers against one, and a look-back."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from amparo.app.compiled import ensure_compiled
from amparo.core.settings import settings
from benchmarks.archives import (
    big_catalogue,
    bytes_an_object,
    filled_folder,
    folder_of_films,
    listed,
)
from benchmarks.figures import Figure
from benchmarks.video import SECONDS

SHARE_TARGET = 0.85
RAY_TARGET = 1.7
LOOKBACK_LIMIT_S = 60.0
LOOKBACK_LIMIT_GB = 4.0

HASHES_A_FILE = 2000
"""Of a default size of 5 000 files come 10 million catalogued hashes."""

SIGNALS = 10_000

_ROUNDS = 5
_RAY_ROUNDS = 3
"""In which the contestants take turns; what counts is the median of their ratios."""

_FILES_A_FILM = 50

_PARTS = 10
_MOST_A_PART = 500
"""Objects in a part: what `amparo bulk scan` does by itself, or fewer of a small archive."""


def measure(size: int = 5000) -> list[Figure]:
    """Of so many files, and 2 000 times as many catalogued hashes."""
    ensure_compiled(settings().home, print)
    with tempfile.TemporaryDirectory(prefix="amparo-", dir=_large()) as name:
        folder = Path(name)
        return [*_scans(folder, size), _films(folder, size), *_lookback(folder, size)]


def _large() -> str | None:
    """Where hundreds of megabytes have room that are no memory."""
    return os.environ.get("TMPDIR", "/var/tmp")


def _scans(folder: Path, size: int) -> list[Figure]:
    archive = filled_folder(folder / "archive", size)
    cores = len(os.sched_getaffinity(0))
    alone, local, together = [], [], []
    for _ in range(_ROUNDS):
        alone.append(cores * _pipeline_rate(archive, size, processes=1))
        local.append(_rate(folder, archive, "local", 1))
        together.append(_pipeline_rate(archive, size, processes=cores))
    one, two = [], []
    for _ in range(_RAY_ROUNDS):
        one.append(_rate(folder, archive, "ray", 1))
        two.append(_rate(folder, archive, "ray", 2))
    whole, plain = bytes_an_object()
    return [
        Figure.rates(
            f"scan, {cores} processors", local, alone, "pipeline × processors", SHARE_TARGET
        ),
        Figure.rates(
            f"the same, against {cores} processes", local, together, "pipeline, all processors"
        ),
        Figure.rates("scan on Ray, 2 workers", two, one, "1 worker", RAY_TARGET),
        Figure(
            "catalogue with variants", "bytes an object", whole, plain, "originals alone",
            whole / plain, at_most=True,
        ),
    ]  # fmt: skip


def _films(folder: Path, size: int) -> Figure:
    """Seconds of video a second; the peer is whoever watches one."""
    archive = folder_of_films(folder / "films", max(_PARTS, size // _FILES_A_FILM))
    seconds = _rate(folder, archive, "local", 1) * SECONDS
    cores = len(os.sched_getaffinity(0))
    return Figure(
        f"scan of 720p H.264, {cores} processors", "s of video/s", seconds, 1.0, "watching",
        seconds,
    )  # fmt: skip


def _pipeline_rate(archive: Path, size: int, *, processes: int) -> float:
    """Files a second that processes of the pipeline hash, reading and waiting included."""
    from amparo.app.hash_files import hash_files
    from amparo.app.sandbox import open_sandbox

    files = sorted(str(path) for path in archive.iterdir())[: max(100, size // 4)]
    chosen = settings().model_copy(update={"processes": processes})
    with open_sandbox(chosen) as sandbox:
        list(hash_files(files[:20], sandbox, chosen, with_variants=True))
        began = time.perf_counter()
        count = len(list(hash_files(files, sandbox, chosen, with_variants=True)))
        return count / (time.perf_counter() - began)


def _rate(folder: Path, archive: Path, runner: str, workers: int) -> float:
    """Files a second from when each worker has added its first part until the last part."""
    catalogue = Path(tempfile.mkdtemp(dir=folder))
    objects = len(list(archive.iterdir()))
    part = min(_MOST_A_PART, max(1, objects // _PARTS))
    _amparo(
        "bulk", "scan", str(archive), "--to", str(catalogue), "--part", str(part),
        "--runner", runner, "--workers", str(workers),
    )  # fmt: skip
    times = sorted(each.stat().st_mtime for each in (catalogue / "parts").iterdir())
    return (objects - workers * part) / (times[-1] - times[workers - 1])


def _lookback(folder: Path, size: int) -> list[Figure]:
    hashes = size * HASHES_A_FILE
    catalogue = big_catalogue(folder / "catalogue", hashes)
    signals = max(100, SIGNALS * size // 5000)
    home = listed(folder / "home", signals)
    with peak_memory() as peak:
        began = time.perf_counter()
        _amparo("bulk", "lookback", str(catalogue), home=home)
        seconds = time.perf_counter() - began
    name = f"look-back, {hashes / 1e6:g} M hashes × {signals} signals"
    limit_s = LOOKBACK_LIMIT_S
    return [
        Figure.of(name, "s", [seconds], [limit_s], "limit", target=1.0, at_most=True),
        Figure.of(
            f"{name}, memory", "GB", [peak.largest_bytes / 1e9], [LOOKBACK_LIMIT_GB], "limit",
            target=1.0, at_most=True,
        ),
    ]  # fmt: skip


def _amparo(*arguments: str, home: Path | None = None) -> None:
    environment = os.environ if home is None else os.environ | {"AMPARO_HOME": str(home)}
    ended = subprocess.run(
        [sys.executable, "-m", "amparo", *arguments], env=environment, capture_output=True,
        text=True,
    )  # fmt: skip
    if ended.returncode not in (0, 1):
        raise RuntimeError(ended.stderr)


@dataclass(slots=True)
class Peak:
    """The most that was seen."""

    largest_bytes: int = 0


@contextmanager
def peak_memory() -> Iterator[Peak]:
    """Of all processes that are started meanwhile together; shared pages count once."""
    peak = Peak()
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.1):
            peak.largest_bytes = max(peak.largest_bytes, _memory())

    watch = threading.Thread(target=look)
    watch.start()
    try:
        yield peak
    finally:
        stop.set()
        watch.join()


def _memory() -> int:
    total = 0
    for process in psutil.Process().children(recursive=True):
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total
