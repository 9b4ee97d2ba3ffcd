"""Callers of /hma who send too much or something else, and URLs that lead inside."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pytest_socket import enable_socket

from amparo.db import Database
from amparo.detect.media.sandbox import Sandbox
from amparo.testing import hostile
from tests.interfaces.conftest import Platform, serving_platform
from tests.interfaces.test_hma import a_bank, hma
from tests.interfaces.test_media import CAT


def part(name: str, value: bytes) -> bytes:
    """A file, except what HMA's clients send as fields."""
    file = b"" if name in ("metadata", "note") or name.startswith("p0") else b'; filename="x"'
    return b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (
        name.encode(), file, value,
    )  # fmt: skip


FORM = {"Content-Type": "multipart/form-data; boundary=x"}
BODIES = {
    "no file": b"--x--\r\n",
    "an empty file": part("photo", b"") + b"--x--\r\n",
    "two files": part("photo", CAT) + part("photo", CAT) + b"--x--\r\n",
    "two kinds of files": part("photo", CAT) + part("video", CAT) + b"--x--\r\n",
    "a wrong field name": part("file", CAT) + b"--x--\r\n",
    "no end": part("photo", CAT),
    "10 000 parts": b"".join(part(f"p{number}", b"x") for number in range(10_000)) + b"--x--\r\n",
    "101 other fields": part("p0", b"x") * 101 + part("photo", CAT) + b"--x--\r\n",
    "too long another field": part("p0", b"x" * 70_000) + part("photo", CAT) + b"--x--\r\n",
    "a photo that is no file": part("photo", CAT).replace(b'; filename="x"', b"") + b"--x--\r\n",
    "NaN": part("photo", CAT) + part("metadata", b'{"json": {"a": NaN}}') + b"--x--\r\n",
    "no number": part("photo", CAT) + part("metadata", b'{"json": {"a": [1e999]}}') + b"--x--\r\n",
    "below all": part("photo", CAT)
    + part("metadata", b'{"json": {"a": -Infinity}}')
    + b"--x--\r\n",
    "deep JSON": part("photo", CAT) + part("metadata", b"[" * 60_000) + b"--x--\r\n",
    "wrong UTF-8": part("photo", CAT) + part("note", b"\xff") + b"--x--\r\n",
    "NUL in a note": part("photo", CAT) + part("note", b"a\0b") + b"--x--\r\n",
    "too long a note": part("photo", CAT) + part("note", b"x" * 300) + b"--x--\r\n",
}


def test_a_malformed_form_is_refused_and_adds_nothing(platform: Platform) -> None:
    a_bank(platform)
    for about, body in BODIES.items():
        answer = hma(platform, "POST", "/c/bank/MY_BANK/content", content=body, headers=FORM)
        assert answer.status_code in (400, 413), about
        assert list(answer.json()) == ["message"], about
    assert platform.http.get("/v1/lists/my_bank").json()["revision"] == 0


def test_other_fields_beside_a_file_are_passed_over(platform: Platform) -> None:
    """HMA counts files alone; `/v1` takes only what it names."""
    a_bank(platform)
    others = {"seed": "7", "filename": "x.jpg", "p0": ["a", "b"], "note": "seen twice"}
    for path in ("/h/hash", "/m/lookup", "/c/bank/MY_BANK/content"):
        answer = hma(platform, "POST", path, files={"photo": CAT}, data=others)
        assert answer.status_code == 200, answer.text
        most = part("p0", b"x") * 100 + part("photo", CAT) + b"--x--\r\n"
        assert hma(platform, "POST", path, content=most, headers=FORM).status_code == 200
    content = f"/c/bank/MY_BANK/content/{answer.json()['id']}"
    assert hma(platform, "GET", content).json()["note"] == "seen twice"
    refused = platform.http.post("/v1/media", files={"file": CAT}, data={"seed": "7"})
    assert refused.status_code == 400


def test_a_flag_without_a_value_is_no(platform: Platform) -> None:
    asked = f"signal_type=pdq&signal={'0' * 64}"
    for path in (f"/m/raw_lookup?{asked}&include_distance=", f"/m/lookup?{asked}&bypass_coinflip="):
        assert hma(platform, "GET", path).status_code == 200
    looked_up = hma(platform, "POST", "/m/lookup?bypass_coinflip=", files={"photo": CAT})
    assert looked_up.status_code == 200
    assert hma(platform, "GET", f"/m/raw_lookup?{asked}&include_distance=x").status_code == 400


@pytest.mark.parametrize("path", ["/h/hash", "/m/lookup", "/c/bank/MY_BANK/content", "/c/banks"])
def test_nobody_sends_ten_gigabytes(platform: Platform, path: str) -> None:
    """Whoever is unknown is refused unread, and whoever is known, by what is claimed."""
    kind = "application/json" if path == "/c/banks" else "multipart/form-data; boundary=x"
    for key, wanted in ((None, b" 401 "), (platform.key, b" 413 ")):
        if key and path in ("/c/banks", "/c/bank/MY_BANK/content"):
            continue
        address = platform.http.base_url.host, platform.http.base_url.port
        with socket.create_connection(address, timeout=30) as connection:
            authorization = f"Authorization: Bearer {key}\r\n" if key else ""
            connection.sendall(
                f"POST /hma{path} HTTP/1.1\r\nHost: x\r\n{authorization}Content-Type: {kind}\r\n"
                "Content-Length: 10000000000\r\n\r\n".encode()
            )
            assert wanted in connection.recv(1000)


@pytest.mark.parametrize("data", [hostile.encoded(hostile.photograph_like(), "PNG")[:200],
                                  b"<svg/>", b"x"])  # fmt: skip
def test_what_is_no_picture_is_told_in_words(platform: Platform, data: bytes) -> None:
    answer = hma(platform, "POST", "/h/hash", files={"photo": data})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("This is no picture that can be hashed.")


class _Inside(BaseHTTPRequestHandler):
    """A server inside, that nobody outside may reach; it counts who does."""

    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(200)
        self.end_headers()
        self.wfile.write(CAT)

    def log_message(self, *_: object) -> None:
        """It says nothing."""


@pytest.fixture
def inside() -> Iterator[int]:
    enable_socket()
    _Inside.asked = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Inside)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("allowed", [(), ("127.0.0.1", "localhost")], ids=["none", "named"])
def test_no_url_has_it_ask_inside(
    database: Database, database_url: str, tmp_path: Path, sandbox: Sandbox, inside: int,
    allowed: tuple[str, ...],
) -> None:  # fmt: skip
    """Also where the operator has named such a host: only public addresses are asked."""
    for platform in serving_platform(database_url, tmp_path, sandbox, fetch_hosts=allowed):
        a_bank(platform)
        for url in (
            f"http://127.0.0.1:{inside}/a.jpg", f"http://localhost:{inside}/", f"http://[::1]:{inside}/",
            f"http://0x7f000001:{inside}/", "file:///etc/passwd", "http://169.254.169.254/", "x",
        ):  # fmt: skip
            for verb, path in (
                ("GET", "/h/hash"), ("GET", "/m/lookup"), ("POST", "/c/bank/MY_BANK/content"),
            ):  # fmt: skip
                given = {"url": url, "content_type": "photo"}
                answer = hma(platform, verb, path, params=given)
                assert answer.status_code == 400, (url, path, answer.text)
                assert list(answer.json()) == ["message"]
    assert _Inside.asked == 0
