"""A platform's receiver of webhooks on this machine, which can misbehave in many ways."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Message:
    """What arrived."""

    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.time)

    @property
    def events(self) -> list[dict[str, Any]]:
        """What it tells."""
        found: list[dict[str, Any]] = json.loads(self.body)["events"]
        return found


@dataclass
class Receiver:
    """What has arrived, and how to answer from now on."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    endless: bool = False
    """Answer with a body that does not end."""

    silent: bool = False
    """Take the message and say nothing."""

    messages: list[Message] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it receives."""
        return f"http://127.0.0.1:{self.port}/amparo"

    def wait_for(self, count: int, timeout_s: float = 60) -> list[Message]:
        """The messages, once there are so many."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self.messages) >= count, timeout_s):
                raise TimeoutError(f"{len(self.messages)} of {count} messages have arrived.")
            return list(self.messages)

    def wait_for_events(self, count: int, timeout_s: float = 60) -> list[dict[str, Any]]:
        """The events of all messages, once there are so many different ones."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self._ids()) >= count, timeout_s):
                raise TimeoutError(f"{len(self._ids())} of {count} events have arrived.")
            return [each for message in self.messages for each in message.events]

    def _ids(self) -> set[str]:
        return {each["id"] for message in self.messages for each in message.events}


@contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    """Receives until the block ends."""
    state = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(state))
    server.daemon_threads = True
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(state: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            said = {name.lower(): value for name, value in self.headers.items()}
            with state.arrived:
                state.messages.append(Message(said, body))
                state.arrived.notify_all()
            if state.silent:
                state.closing.wait()
                return
            with suppress(OSError):
                self._answer()

        def _answer(self) -> None:
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            if not state.endless:
                self.send_header("Content-Length", "0")
            self.end_headers()
            while state.endless and not state.closing.is_set():
                self.wfile.write(b"x" * 65536)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing."""

    return Handler
