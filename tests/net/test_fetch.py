"""No request goes where an uploader sends it, but to public hosts that the operator allows."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from amparo.core.errors import Invalid
from amparo.net.fetch import Fetcher, NotFetched
from amparo.net.guard import NotAllowed, is_public

PUBLIC = "93.184.216.34"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfile"

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
        "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1",
        "fd00:ec2::254",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::", "2001:0:7f00:1::", "2001:db8::1",
        "fec0::1", "3fff::1", "192.88.99.1", "", "x", "1.2.3", "0x7f.1",
    ],
)  # fmt: skip
def test_what_is_not_of_the_public_internet_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "2a00:1450:4001::1"])
def test_what_is_public_is(address: str) -> None:
    assert is_public(address)


@contextmanager
def host(*answers: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A host on this machine that gives these answers, one a connection; and what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                try:
                    connected, _ = listener.accept()
                except OSError:
                    return
                with connected:
                    asked.append(connected.recv(65536))
                    connected.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], asked
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def fetcher(
    port: int = 0,
    *,
    resolve: Callable[[str, int], list[str]] = lambda _, __: [PUBLIC],
    dialled: list[str] | None = None,
    hosts: tuple[str, ...] = ("*",),
    max_bytes: int = 1000,
    seconds: float = 20,
) -> Fetcher:
    """One for which every public address leads to this machine's `port`."""

    def dial(address: str, _: int, timeout_s: float | None) -> socket.socket:
        if dialled is not None:
            dialled.append(address)
        return socket.create_connection(("127.0.0.1", port), timeout_s)

    return Fetcher(hosts, max_bytes, seconds, resolve, dial)


def test_a_file_is_fetched_from_the_address_that_was_checked() -> None:
    dialled: list[str] = []
    with host(OK) as (port, asked):
        assert fetcher(port, dialled=dialled).fetch("http://example.org/a.jpg?x=1") == b"file"
    assert dialled == [PUBLIC]
    assert asked[0].startswith(b"GET /a.jpg?x=1 HTTP/1.1\r\nHost: example.org\r\n")
    assert b"Authorization" not in asked[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0177.0.0.1/",
        "http://0x7f000001/", "http://127.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/", "http://0/",
    ],
)  # fmt: skip
def test_no_form_of_an_address_of_ours_is_fetched(url: str) -> None:
    dialled: list[str] = []
    from amparo.net.guard import resolve

    with pytest.raises((NotAllowed, NotFetched)):
        fetcher(resolve=resolve, dialled=dialled).fetch(url)
    assert not dialled


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "http://example.org:22/",
     "https://example.org:80/", "http://user@example.org/", "http://a:b@example.org/"],
)  # fmt: skip
def test_other_schemes_ports_and_names_are_not_fetched(url: str) -> None:
    with pytest.raises((NotAllowed, Invalid)):
        fetcher().fetch(url)


@pytest.mark.parametrize("url", ["", "x", "http://", "//example.org/", "http://exa mple.org/",
                                 "http://example.org/\r\nX: y", "http://exämple.org/"])  # fmt: skip
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises((NotAllowed, Invalid)):
        fetcher().fetch(url)


def test_a_name_with_one_address_of_ours_among_public_ones_is_not_fetched() -> None:
    with pytest.raises(NotAllowed):
        fetcher(resolve=lambda _, __: [PUBLIC, "10.0.0.1"]).fetch("http://example.org/")


def test_a_name_that_answers_differently_the_second_time_is_asked_once() -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    with host(OK) as (port, _):
        got = fetcher(port, resolve=lambda _, __: next(answers)).fetch("http://example.org/")
    assert got == b"file"


def redirect(to: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


def test_redirects_are_followed_to_where_they_are_allowed() -> None:
    with host(redirect("/other"), OK) as (port, asked):
        assert fetcher(port).fetch("http://example.org/a/b") == b"file"
    assert asked[1].startswith(b"GET /other ")


@pytest.mark.parametrize(
    "to",
    ["http://internal/", "http://other.org/", "file:///etc/passwd", "//other.org/",
     "http://example.org:6379/", "http://example.org@other.org/"],
)  # fmt: skip
def test_redirects_elsewhere_are_refused(to: str) -> None:
    names = {"example.org": [PUBLIC], "internal": ["10.0.0.1"], "other.org": [PUBLIC]}
    with host(redirect(to)) as (port, _), pytest.raises((NotAllowed, Invalid)):
        fetcher(port, resolve=lambda name, _: names[name], hosts=("example.org", "internal")).fetch(
            "http://example.org/"
        )


def test_redirects_end() -> None:
    with host(*[redirect("/again")] * 4) as (port, asked), pytest.raises(NotFetched, match="times"):
        fetcher(port).fetch("http://example.org/")
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("allowed", "url", "is_allowed"),
    [
        ("example.org", "http://example.org/", True),
        ("example.org", "http://cdn.EXAMPLE.org./", True),
        ("example.org", "http://badexample.org/", False),
        ("example.org", "http://example.org.evil.net/", False),
    ],
)
def test_only_hosts_that_the_operator_allows(allowed: str, url: str, is_allowed: bool) -> None:
    with host(OK) as (port, _):
        if is_allowed:
            assert fetcher(port, hosts=(allowed,)).fetch(url) == b"file"
        else:
            with pytest.raises(NotAllowed):
                fetcher(port, hosts=(allowed,)).fetch(url)


def test_a_file_that_is_too_large_is_not_read_to_its_end() -> None:
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000
    with host(large) as (port, _), pytest.raises(NotFetched, match="more than 1000"):
        fetcher(port).fetch("http://example.org/")


def test_a_host_that_is_too_slow_is_left() -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connected, _ = listener.accept()
            with connected:
                connected.recv(65536)
                connected.sendall(half)
                connected.recv(1)  # until the other end is closed

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(NotFetched, match="did not arrive"):
            fetcher(listener.getsockname()[1], seconds=0.5).fetch("http://example.org/")
        thread.join()


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 404 No\r\n\r\n",
                                    b"HTTP/1.1 302 Found\r\n\r\n",
                                    b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx"])  # fmt: skip
def test_a_host_that_gives_no_file_is_told_so(answer: bytes) -> None:
    with host(answer) as (port, _), pytest.raises(NotFetched):
        fetcher(port).fetch("http://example.org/")
