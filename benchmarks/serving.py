"""The served API under load from wrk on the same processors: look-ups, uploads, freshness."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from amparo.access.keys import organisations
from amparo.access.model import Actor, Scope
from amparo.app.change_lists import import_into
from amparo.app.compiled import ensure_compiled
from amparo.app.pipeline import Upload
from amparo.app.sandbox import open_sandbox
from amparo.app.serving import open_serving
from amparo.core.clock import SystemClock
from amparo.core.settings import settings
from amparo.db import Database
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.model import Signal
from benchmarks.figures import Figure
from benchmarks.known_hashes import Hashes, uniform
from benchmarks.pictures import enlarged

DEFAULT_ROWS = 100_000
FULL_ROWS = 1_000_000
"""At this size, and only there, the targets that name it hold."""

CONNECTIONS = 8
SECONDS = 8
TRIALS = 50
UPLOADS = 200
BATCH = 1000
HMA_LOOK_UPS = 46.0
"""What HMA 1.1.7 answers a second at a million, with one worker on such a machine."""

_SCRIPT = """
local bodies = {}
for line in io.lines("%s") do bodies[#bodies + 1] = line end
local number = 0
request = function()
  number = number %% #bodies + 1
  return wrk.format("POST", nil, {["Authorization"] = "Bearer %s",
    ["Content-Type"] = "application/json"}, bodies[number])
end
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that was started for the benchmark."""

    url: str
    key: str
    home: Path
    process: subprocess.Popen[str]


def measure(size: int = DEFAULT_ROWS) -> list[Figure]:
    """Every figure with `size` signals on a list in SQLite."""
    if shutil.which("wrk") is None:
        raise SystemExit("This benchmark needs wrk: apt-get install wrk")
    full = size >= FULL_ROWS
    hashes = uniform(size)
    with _served(hashes) as server:
        figures = _look_ups(server, hashes, full=full)
        figures += _uploads(server)
        figures += _freshness(server, hashes)
        server.process.send_signal(signal.SIGTERM)
        server.process.wait()
        figures += _memory(server.home, server.key, hashes, full=full)
    return figures


@contextmanager
def _served(hashes: Hashes) -> Iterator[Server]:
    """A server with all of them on a list."""
    with tempfile.TemporaryDirectory(prefix="amparo-bench-") as name:
        home = Path(name)
        ensure_compiled(settings().home, print)
        shutil.copytree(settings().home / "kernels", home / "kernels")
        with _process(home) as first:
            with httpx.Client(base_url=first.url, headers=_headers(first.key)) as client:
                client.post("/v1/lists", json={"name": "known", "kind": "confirmed"})
            key = first.key
        with Database(f"sqlite:///{home}/amparo.db") as database:
            import_into(database, "known", _signals(hashes), _actor(database), SystemClock())
        with _process(home) as server:
            yield Server(server.url, key, home, server.process)


def _memory(home: Path, key: str, hashes: Hashes, *, full: bool) -> list[Figure]:
    """What one more process that answers takes for itself, and what its decoders do."""
    with _process(home, "--workers", "2") as server:
        with httpx.Client(base_url=server.url, headers=_headers(key)) as client:
            for row in hashes[:2000]:
                client.post("/v1/matches", json=_asked(row))
            (picture, *_) = enlarged(1600, 1200, 1)
            for _ in range(20):
                client.post("/v1/media", content=picture)
        answering = [
            each
            for each in psutil.Process(server.process.pid).children()
            if "serve.worker" in " ".join(each.cmdline())
        ]
        own = max(_private_mb(each) for each in answering)
        decoders = max(
            sum(_private_mb(child) for child in each.children(recursive=True)) for each in answering
        )
    limit = 1 if full else None
    return [
        Figure.of("private memory of one more process that answers", "MB", [own], [150], "limit",
                  target=limit, at_most=True),
        Figure.of("private memory of its decoders", "MB", [decoders], [decoders], "named apart"),
    ]  # fmt: skip


def _private_mb(process: psutil.Process) -> float:
    try:
        about = process.memory_full_info()
    except psutil.NoSuchProcess:
        return 0.0
    return float(about.uss) / 1e6


@contextmanager
def _process(home: Path, *arguments: str) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "amparo", "serve", "--port", str(port), *arguments],
        env=os.environ | {"AMPARO_HOME": str(home)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("Amparo serves"):
            break
    keys = re.findall(r"amparo_\w+", said)
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client() as client:
            while client.get(f"{url}/readyz").status_code != 200:
                time.sleep(0.1)
        yield Server(url, keys[0] if keys else "", home, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _signals(hashes: Hashes) -> Iterator[Signal]:
    for number, row in enumerate(hashes):
        yield Signal(f"s{number}", Algorithm.PDQ, row.tobytes().hex())


def _actor(database: Database) -> Actor:
    with database.reading() as work:
        (organisation,) = organisations(work).values()
    return Actor(organisation, "benchmark", frozenset(Scope))


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _look_ups(server: Server, hashes: Hashes, *, full: bool) -> list[Figure]:
    """One hash a request, and a thousand; one in ten is known."""
    chance = np.random.default_rng(5)
    asked = chance.integers(0, 2**64, (20 * BATCH, 4), dtype=np.uint64)
    asked[::10] = hashes[chance.integers(0, len(hashes), len(asked[::10]))]
    each = [{"algorithm": "pdq", "value": row.tobytes().hex()} for row in asked]
    single = _wrk(server, [{"hashes": [one]} for one in each[:5000]])
    batches = [{"hashes": each[first : first + BATCH]} for first in range(0, len(each), BATCH)]
    batch = _wrk(server, batches)
    return [
        _rate("look-ups of one hash", single.rate, 1000, "wanted", 1 if full else None),
        _rate("look-ups of one hash", single.rate, HMA_LOOK_UPS, "HMA 1.1.7 at 1 M, one worker"),
        Figure.of("look-up of one hash, p99", "ms", [single.p99_ms], [25], "limit",
                  target=1 if full else None, at_most=True),
        _rate("hashes, a thousand a request", batch.rate * BATCH, 40_000, "wanted",
              1 if full else None),
    ]  # fmt: skip


def _uploads(server: Server) -> list[Figure]:
    """Uploads over HTTP against the same pipeline called without HTTP."""
    (picture, *_) = enlarged(1600, 1200, 1)
    path = server.home / "picture.jpg"
    path.write_bytes(picture)
    script = server.home / "upload.lua"
    script.write_text(
        f'local file = io.open("{path}", "rb")\nlocal body = file:read("*a")\n'
        'wrk.method = "POST"\nwrk.body = body\nwrk.headers["Content-Type"] = "image/jpeg"\n'
        f'wrk.headers["Authorization"] = "Bearer {server.key}"\n'
    )
    served, direct = [], []
    for _ in range(3):
        served.append(_run_wrk(f"{server.url}/v1/media", script).rate)
        direct.append(_direct(server, picture))
    rates = float(np.median(served)), float(np.median(direct))
    return [
        _rate("uploads of 2 MP, over HTTP", rates[0], rates[1], "the pipeline alone", 0.75),
    ]  # fmt: skip


def _direct(server: Server, picture: bytes) -> float:
    """Uploads a second of the pipeline in this process, beside the server that now waits."""
    chosen = settings().model_copy(update={"home": server.home})
    with (
        open_sandbox(chosen) as sandbox,
        Database(chosen.database) as database,
        open_serving(chosen, database, sandbox, SystemClock()) as serving,
        ThreadPoolExecutor(CONNECTIONS) as threads,
    ):
        actor = _actor(database)

        def submit(_: int) -> object:
            return serving.pipeline.submit(Upload(picture), actor)

        list(threads.map(submit, range(CONNECTIONS * 4)))
        began = time.perf_counter()
        list(threads.map(submit, range(UPLOADS)))
        return UPLOADS / (time.perf_counter() - began)


def _freshness(server: Server, hashes: Hashes) -> list[Figure]:
    """From the answer to an addition until a look-up finds it, while others look up."""
    stop = threading.Event()
    times = []
    with httpx.Client(base_url=server.url, headers=_headers(server.key)) as client:

        def load() -> None:
            with httpx.Client(base_url=server.url, headers=_headers(server.key)) as other:
                while not stop.is_set():
                    other.post("/v1/matches", json=_asked(hashes[0]))

        thread = threading.Thread(target=load)
        thread.start()
        chance = np.random.default_rng(6)
        for _ in range(TRIALS):
            new = chance.integers(0, 2**64, 4, dtype=np.uint64)
            began = time.perf_counter()
            client.post("/v1/lists/known/signals", json={"signals": _asked(new)["hashes"]})
            while not client.post("/v1/matches", json=_asked(new)).json()["results"][0]:
                pass
            times.append((time.perf_counter() - began) * 1000)
        stop.set()
        thread.join()
    return [
        Figure.of("from the request to add until found, p99", "ms",
                  [float(np.percentile(times, 99))], [1000], "limit", target=1, at_most=True),
    ]  # fmt: skip


def _rate(
    name: str, ours: float, peer: float, peer_name: str, target: float | None = None
) -> Figure:
    return Figure(name, "/s", ours, peer, peer_name, ours / peer, target)


def _asked(row: Hashes) -> dict[str, list[dict[str, str]]]:
    return {"hashes": [{"algorithm": "pdq", "value": row.tobytes().hex()}]}


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk measured."""

    rate: float
    p99_ms: float


def _wrk(server: Server, bodies: list[dict[str, Any]]) -> Load:
    path = server.home / "bodies.jsonl"
    path.write_text("\n".join(json.dumps(body) for body in bodies) + "\n")
    script = server.home / "look_up.lua"
    script.write_text(_SCRIPT % (path, server.key))
    return _run_wrk(f"{server.url}/v1/matches", script)


def _run_wrk(url: str, script: Path) -> Load:
    ended = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", "-s", script, url],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    if "Non-2xx" in ended.stdout:
        raise SystemExit(ended.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", ended.stdout)
    late = re.search(r"99%\s+([\d.]+)(us|ms|s)", ended.stdout)
    assert rate is not None
    assert late is not None
    unit = {"us": 0.001, "ms": 1.0, "s": 1000.0}[late.group(2)]
    return Load(float(rate.group(1)), float(late.group(1)) * unit)
