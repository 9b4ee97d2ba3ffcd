"""A server on this machine that answers as a bad network does, before a real one or none.

Each request meets the next trick of a list, and after its end the last one again.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from urllib.parse import urlsplit

_HOP = frozenset({"connection", "transfer-encoding", "content-length", "date", "server"})
_DRIP_S = 0.02


@dataclass(frozen=True)
class Arrived:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Unreliable:
    """What has arrived, and how the next requests are met."""

    tricks: list["Trick"]
    port: int = 0
    arrived: list[Arrived] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def next_trick(self, arrived: Arrived) -> "Trick":
        """How this request is met."""
        with self.lock:
            self.arrived.append(arrived)
            return self.tricks[min(len(self.arrived), len(self.tricks)) - 1]


Trick = Callable[[BaseHTTPRequestHandler, Arrived, Unreliable], None]


@contextmanager
def unreliable(*tricks: Trick) -> Iterator[Unreliable]:
    """Answers until the block ends."""
    state = Unreliable(list(tricks))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    server.daemon_threads = True
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def says(
    status: int, body: bytes = b"", headers: Mapping[str, str] = MappingProxyType({})
) -> Trick:
    """Answers so."""

    def trick(handler: BaseHTTPRequestHandler, _: Arrived, __: Unreliable) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return trick


def passes_on(url: str) -> Trick:
    """Asks the real one, and answers as it does."""

    def trick(handler: BaseHTTPRequestHandler, arrived: Arrived, state: Unreliable) -> None:
        status, headers, body = _asked(url, arrived)
        says(status, body, headers)(handler, arrived, state)

    return trick


def passes_on_and_cuts(url: str) -> Trick:
    """Asks the real one, and breaks off before a byte of its answer."""

    def trick(_: BaseHTTPRequestHandler, arrived: Arrived, __: Unreliable) -> None:
        _asked(url, arrived)

    return trick


def cuts(_: BaseHTTPRequestHandler, __: Arrived, ___: Unreliable) -> None:
    """Breaks off without an answer."""


def endless(handler: BaseHTTPRequestHandler, _: Arrived, state: Unreliable) -> None:
    """Answers with a body that does not end."""
    handler.send_response(200)
    handler.end_headers()
    while not state.closing.is_set():
        handler.wfile.write(b" " * (1 << 20))


def trickles(handler: BaseHTTPRequestHandler, _: Arrived, state: Unreliable) -> None:
    """Answers with a body of which there is always one more byte."""
    handler.send_response(200)
    handler.end_headers()
    while not state.closing.wait(_DRIP_S):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def _asked(url: str, arrived: Arrived) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {name: value for name, value in arrived.headers.items() if name != "host"}
    try:
        connection.request(arrived.method, arrived.path, arrived.body, headers)
        answer = connection.getresponse()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
        return answer.status, kept, answer.read()
    finally:
        connection.close()


def _handler(state: Unreliable) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _meet(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            arrived = Arrived(self.command, self.path, headers, body)
            self.close_connection = True
            with suppress(OSError):
                state.next_trick(arrived)(self, arrived, state)

        def do_GET(self) -> None:
            self._meet()

        def do_POST(self) -> None:
            self._meet()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing."""

    return Handler
