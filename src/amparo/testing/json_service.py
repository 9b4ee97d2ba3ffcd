"""A service on this machine that answers in JSON, remembers what it is asked, errs on demand."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_LOOKS_EACH_S = 0.01
"""For its end."""


@dataclass(frozen=True)
class Request:
    """What arrived; names of headers are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


class Refused(Exception):
    """Raised by what answers, where the real service would refuse: with a status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass
class Behaviour:
    """Where it is, what it was asked, and how it is to err from now on."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Say this in the place of what it would say."""

    endless: bool = False
    """Answer with a body that does not end."""

    silent: bool = False
    """Take the request and say nothing."""

    asked: list[Request] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Why requests were refused that the real service would refuse too."""

    closing: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(behaviour: Behaviour, answer: Callable[[Request], object]) -> Iterator[None]:
    """Serves until the block ends; `answer` gives an object, or raises Refused."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(behaviour, answer))
    server.daemon_threads = True
    behaviour.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=lambda: server.serve_forever(_LOOKS_EACH_S))
    thread.start()
    try:
        yield
    finally:
        behaviour.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(
    behaviour: Behaviour, answer: Callable[[Request], object]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            said = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.path, said, body)
            behaviour.asked.append(request)
            if behaviour.silent:
                behaviour.closing.wait()
                return
            with suppress(OSError):  # whoever asked may be gone
                self._say(*self._said(request))

        def _said(self, request: Request) -> tuple[int, bytes]:
            try:
                said = json.dumps(answer(request)).encode()
            except Refused as error:
                behaviour.refused.append(str(error))
                return error.status, json.dumps({"detail": str(error)}).encode()
            return behaviour.status, said if behaviour.body is None else behaviour.body

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            for name, value in behaviour.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            if not behaviour.endless:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            while behaviour.endless and not behaviour.closing.is_set():
                self.wfile.write(b" " * 65536)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing."""

    return Handler


def json_of(request: Request, keys: set[str], *, most_bytes: int) -> dict[str, object]:
    """The object in a body that has exactly these keys. Raises Refused."""
    if request.headers.get("content-type") != "application/json":
        raise Refused(415, "it is not said to be JSON")
    if len(request.body) > most_bytes:
        raise Refused(413, "it is too large")
    try:
        said = json.loads(request.body)
    except ValueError:
        raise Refused(400, "it is no JSON") from None
    if not isinstance(said, dict) or set(said) != keys:
        raise Refused(400, f"it has not exactly {', '.join(sorted(keys))}")
    return said
