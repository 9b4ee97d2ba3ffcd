"""A platform is told of every decision while uploads go on: how late, and whether it piles up."""

import hashlib
import json
import multiprocessing
import re
import socket
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.media.model import Limits
from amparo.testing.receiver import Message, receiver
from benchmarks.figures import Figure
from benchmarks.pictures import enlarged
from benchmarks.servers import Server, new_home, process

DEFAULT_SECONDS = 300
A_SECOND = 200
LATE_S = 5.0
UPLOADERS = 16
_ENOUGH = 0.99
"""Of what is wanted: uploads are sent at just that rate, and the last ones end a moment later."""

_MOST_GROWTH_S = 1.0
"""Within this the last fifth of the time may be later than the first."""


def measure(size: int = DEFAULT_SECONDS) -> list[Figure]:
    """On SQLite, for `size` seconds each, every upload a match; all share the processors."""
    (picture,) = enlarged(640, 480, 1)
    near = {"algorithm": "pdq", "value": hash_media(picture, Limits()).pictures[0].hex}
    document = b"A document that nobody can look at. " * 1500
    exact = {"algorithm": "sha256", "value": hashlib.sha256(document).hexdigest()}
    return [
        *_told("documents known by their digest", document, exact, size),
        *_told("photographs of 0.3 megapixels", picture, near, size),
    ]


def _told(what: str, upload: bytes, signal: dict[str, str], seconds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="amparo-bench-") as name, receiver() as there:
        home = new_home(Path(name))
        environment = {"AMPARO_WEBHOOK_HOSTS": '["127.0.0.1"]', "AMPARO_FLOOD_FLOOR": "1000000000"}
        with process(home, "--workers", "2", environment=environment) as server:
            _prepare(server, there.url, upload, signal)
            decided, took = _upload(server, upload, seconds)
            there.wait_for_events(decided, 60)
        late = _lateness(there.messages)
    fifth = len(late) // 5
    growth = float(np.median(late[-fifth:]) - np.median(late[:fifth]))
    limit = 1 if seconds >= DEFAULT_SECONDS else None
    return [
        Figure.rate(f"{what}: decisions told of, SQLite", decided / took, A_SECOND, "wanted",
                    None if limit is None else _ENOUGH),
        Figure.of(f"{what}: from a decision until it is told, median", "s",
                  [float(np.median(late))], [LATE_S], "limit", at_most=True),
        Figure.of(f"{what}: from a decision until it is told, p99", "s",
                  [float(np.percentile(late, 99))], [LATE_S], "limit", target=limit, at_most=True),
        Figure.of(f"{what}: later at the end than at the beginning, medians", "s",
                  [max(growth, 0.0)], [_MOST_GROWTH_S], "limit", target=limit, at_most=True),
    ]  # fmt: skip


def _prepare(server: Server, url: str, upload: bytes, signal: dict[str, str]) -> None:
    with server.client() as client:
        client.post("/v1/webhooks", json={"url": url}).raise_for_status()
        client.post("/v1/lists", json={"name": "known", "kind": "confirmed"}).raise_for_status()
        signals = {"signals": [signal]}
        client.post("/v1/lists/known/signals", json=signals).raise_for_status()
        while client.post("/v1/media", content=upload).json()["action"] == "allow":
            time.sleep(0.1)


def _upload(server: Server, picture: bytes, seconds: int) -> tuple[int, float]:
    """How many were decided to be held, and in how many seconds; from a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    uploading = multiprocessing.get_context("spawn").Process(
        target=_uploaders, args=(server.url, server.key, picture, seconds, theirs)
    )
    uploading.start()
    said: tuple[int, float] = ours.recv()
    uploading.join()
    return said


def _uploaders(url: str, key: str, picture: bytes, seconds: int, said: Connection) -> None:
    """So many a second, each at its own moment, whether or not those before were answered.

    By bytes that are put together once: a platform's own work is done on its own machines, not
    on these two processors.
    """
    host, _, port = url.removeprefix("http://").partition(":")
    request = (
        f"POST /v1/media HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Length: {len(picture)}\r\n\r\n"
    ).encode() + picture
    own = threading.local()
    began = time.perf_counter()

    def send(number: int) -> bool:
        time.sleep(max(0.0, began + number / A_SECOND - time.perf_counter()))
        if not hasattr(own, "connection"):
            own.connection = socket.create_connection((host, int(port)), timeout=60)
        own.connection.sendall(request)
        answer = _answer(own.connection)
        assert answer.startswith(b"HTTP/1.1 200"), answer
        return b'"action":"allow"' not in answer

    with ThreadPoolExecutor(UPLOADERS) as threads:
        told = sum(threads.map(send, range(seconds * A_SECOND)))
    said.send((told, time.perf_counter() - began))


def _answer(connection: socket.socket) -> bytes:
    """All of an answer that tells its length."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    (length,) = re.findall(rb"content-length: (\d+)", head)
    while len(body) < int(length):
        body += connection.recv(65536)
    return head + body


def _lateness(messages: Sequence[Message]) -> list[float]:
    """Seconds from each decision until its message had arrived, by the time of the decision."""
    found: dict[str, tuple[float, float]] = {}
    for message in messages:
        for each in json.loads(message.body)["events"]:
            at = datetime.fromisoformat(each["at"]).timestamp()
            found.setdefault(each["id"], (at, message.at - at))
    return [late for _, late in sorted(found.values())]
