"""Callers who want to take the service down, or to leave an upload in the clear behind them."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPResponse

import pytest

from amparo.interfaces.calls.callers import MOST_JSON_BYTES
from amparo.programs.serve.connection import Connection
from tests.interfaces.conftest import Platform
from tests.interfaces.test_media import CAT, pdq_of, submit

MARK = b"an upload of which nothing may be left"
SLOW_CONNECTIONS = 200


def part(name: str, value: bytes) -> bytes:
    return b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (
        name.encode(),
        value,
    )


BODIES = {
    "10 000 parts": b"".join(part(f"p{number}", MARK) for number in range(10_000)) + b"--x--\r\n",
    "the same part twice": part("file", MARK) + part("file", MARK) + b"--x--\r\n",
    "no end": part("file", MARK * 20_000),
    "NUL in a name": part("fi\0le", MARK) + b"--x--\r\n",
    "deep JSON": part("file", MARK) + part("metadata", b"[" * 60_000) + b"--x--\r\n",
    "wrong UTF-8": part("file", MARK) + part("metadata", b'{"\xff": 1}') + b"--x--\r\n",
    "too much metadata": part("file", MARK) + part("metadata", b" " * 70_000) + b"--x--\r\n",
    "a boundary in a boundary": b"--x\r\n--x\r\n--x--\r\n" + MARK,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_malformed_body_is_refused_and_leaves_nothing(platform: Platform, body: bytes) -> None:
    answer = submit(platform, body, **{"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status_code in (400, 413, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert platform.http.get("/v1/decisions").json()["decisions"] == []
    for path in platform.home.rglob("*"):
        if path.is_file():
            assert MARK not in path.read_bytes(), path


def raw(platform: Platform) -> socket.socket:
    opened = socket.create_connection((platform.http.base_url.host, platform.http.base_url.port))
    opened.settimeout(30)
    return opened


@pytest.mark.parametrize("path", ["/v1/media", "/v1/matches", "/v1/lists", "/v1/lists/a/signals"])
def test_nobody_who_is_unknown_sends_a_body(platform: Platform, path: str) -> None:
    """The answer comes although not a byte of the ten gigabytes was sent."""
    with raw(platform) as connection:
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            "Content-Length: 10000000000\r\n\r\n".encode()
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 401")


def test_json_has_its_limit_however_it_comes(platform: Platform) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(MOST_JSON_BYTES // 65536 + 2):
            yield b" " * 65536

    answer = platform.http.post(
        "/v1/matches", content=pieces(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_connections_that_dawdle_are_closed_and_keep_nobody_out(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "headers_s", 2.0)
    platform.make_list()
    platform.add(pdq_of(CAT))
    with ExitStack() as stack:
        slow = [stack.enter_context(raw(platform)) for _ in range(SLOW_CONNECTIONS)]
        for connection in slow:
            connection.sendall(b"POST /v1/media HTTP/1.1\r\nHost: x\r\nX-A: ")
        assert submit(platform, CAT).json()["action"] == "hold"
        for connection in slow:
            assert connection.recv(1) == b""


def test_a_request_after_another_has_its_time_too(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "headers_s", 2.0)
    with raw(platform) as connection:
        for _ in range(2):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = HTTPResponse(connection)
            answer.begin()
            assert (answer.status, answer.read()) == (200, b'{"status":"alive"}')
        connection.sendall(b"GET /hea")
        assert connection.recv(4096) == b""
