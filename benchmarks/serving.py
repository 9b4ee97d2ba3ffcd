"""The served API under load from wrk on the same processors: look-ups, uploads, memory."""

import json
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import psutil

from amparo.app.pipeline import Upload
from amparo.app.sandbox import open_sandbox
from amparo.app.serving import open_serving
from amparo.core.clock import SystemClock
from amparo.core.settings import settings
from amparo.db import Database
from benchmarks.figures import Figure
from benchmarks.held import until_held
from benchmarks.known_hashes import Hashes, uniform
from benchmarks.pictures import enlarged
from benchmarks.servers import Server, asked_for, fill, headers, new_home, operator, process

DEFAULT_ROWS = 100_000
FULL_ROWS = 1_000_000
"""At this size, and only there, the targets that name it hold."""

CONNECTIONS = 8
SECONDS = 8
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


def measure(size: int = DEFAULT_ROWS) -> list[Figure]:
    """Every figure with `size` signals on a list in SQLite."""
    if shutil.which("wrk") is None:
        raise SystemExit("This benchmark needs wrk: apt-get install wrk")
    full = size >= FULL_ROWS
    hashes = uniform(size)
    with _served(hashes) as server:
        figures = _look_ups(server, hashes, full=full)
        figures += _uploads(server)
        server.process.send_signal(signal.SIGTERM)
        server.process.wait()
        figures += _memory(server.home, server.key, hashes, full=full)
    return figures + until_held(hashes)


@contextmanager
def _served(hashes: Hashes) -> Iterator[Server]:
    """A server with all of them on a list."""
    with tempfile.TemporaryDirectory(prefix="amparo-bench-") as name:
        home = new_home(Path(name))
        with process(home) as first:
            key = first.key
        fill(f"sqlite:///{home}/amparo.db", hashes)
        with process(home) as server:
            yield Server(server.url, key, home, server.process)


def _memory(home: Path, key: str, hashes: Hashes, *, full: bool) -> list[Figure]:
    """What one more process that answers takes for itself, and what its decoders do."""
    with process(home, "--workers", "2") as server:
        with httpx2.Client(base_url=server.url, headers=headers(key)) as client:
            for row in hashes[:2000]:
                client.post("/v1/matches", json=asked_for(row))
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
        Figure.rate("look-ups of one hash", single.rate, 1000, "wanted", 1 if full else None),
        Figure.rate("look-ups of one hash", single.rate, HMA_LOOK_UPS,
                    "HMA 1.1.7 at 1 M, one worker"),
        Figure.of("look-up of one hash, p99", "ms", [single.p99_ms], [25], "limit",
                  target=1 if full else None, at_most=True),
        Figure.rate("hashes, a thousand a request", batch.rate * BATCH, 40_000, "wanted",
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
        Figure.rate("uploads of 2 MP, over HTTP", rates[0], rates[1], "the pipeline alone", 0.75),
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
        actor = operator(database)

        def submit(_: int) -> object:
            return serving.pipeline.submit(Upload(picture), actor)

        list(threads.map(submit, range(CONNECTIONS * 4)))
        began = time.perf_counter()
        list(threads.map(submit, range(UPLOADS)))
        return UPLOADS / (time.perf_counter() - began)


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
