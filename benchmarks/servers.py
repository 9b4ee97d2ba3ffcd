"""Servers that are started for a benchmark, and the lists that they serve."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import httpx2

from amparo.access.keys import organisations
from amparo.access.model import Actor, Scope
from amparo.app.change_lists import create_list, import_into
from amparo.app.compiled import ensure_compiled
from amparo.core.clock import SystemClock
from amparo.core.settings import settings
from amparo.db import Database
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.model import ListKind, NewList, Signal
from benchmarks.known_hashes import Hashes


@dataclass(frozen=True, slots=True)
class Server:
    """A server that was started for a benchmark."""

    url: str
    key: str
    home: Path
    process: subprocess.Popen[str]

    def client(self, key: str = "") -> httpx2.Client:
        """One that has the key, or another."""
        return httpx2.Client(base_url=self.url, headers=headers(key or self.key), timeout=60)


def new_home(folder: Path) -> Path:
    """A folder for data with the kernels compiled."""
    ensure_compiled(settings().home, print)
    shutil.copytree(settings().home / "kernels", folder / "kernels")
    return folder


@contextmanager
def process(
    home: Path,
    *arguments: str,
    command: str = "serve",
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Server]:
    """A server that is ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = subprocess.Popen(
        [sys.executable, "-m", "amparo", command, "--port", str(port), *arguments],
        env=os.environ | {"AMPARO_HOME": str(home)} | environment,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert started.stdout is not None
    said = ""
    for line in started.stdout:
        said += line
        if line.startswith("Amparo serves"):
            break
    keys = re.findall(r"amparo_\w+", said)
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx2.Client() as client:
            while client.get(f"{url}/readyz").status_code != 200:
                time.sleep(0.1)
        yield Server(url, keys[0] if keys else "", home, started)
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait()


def fill(database_url: str, hashes: Hashes) -> None:
    """Put all of them on a new confirmed list called `known`."""
    clock = SystemClock()
    with Database(database_url) as database:
        actor = operator(database)
        create_list(database, NewList("known", ListKind.CONFIRMED), actor, clock)
        import_into(database, "known", signals_of(hashes), actor, clock)


def signals_of(hashes: Hashes) -> Iterator[Signal]:
    """As a list says them."""
    for number, row in enumerate(hashes):
        yield Signal(f"s{number}", Algorithm.PDQ, row.tobytes().hex())


def operator(database: Database) -> Actor:
    """Who may do everything for the only organisation."""
    with database.reading() as work:
        (organisation,) = organisations(work).values()
    return Actor(organisation, "benchmark", frozenset(Scope))


def headers(key: str) -> dict[str, str]:
    """Of every request."""
    return {"Authorization": f"Bearer {key}"}


def asked_for(row: Hashes) -> dict[str, list[dict[str, str]]]:
    """The body that looks a hash up."""
    return {"hashes": [{"algorithm": "pdq", "value": row.tobytes().hex()}]}
