"""Fetch a file from a URL that somebody else has chosen, through the guard, within limits."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpcore2

from amparo.core.errors import Invalid
from amparo.net.guard import Dial, GuardedBackend, Resolve, dial, resolve, target_of

MOST_REDIRECTS = 3
_HEADERS = (("Accept", "*/*"), ("Accept-Encoding", "identity"), ("User-Agent", "amparo"))
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class NotFetched(Invalid):
    """The URL gave no file; the message says why, and nothing of what was answered."""

    code = "url_not_fetched"


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches from `hosts`, up to so many bytes and seconds a file, redirects included."""

    hosts: Sequence[str]
    max_bytes: int
    seconds: float
    resolve: Resolve = resolve
    dial: Dial = dial

    def fetch(self, url: str) -> bytes:
        """The file. Raises NotAllowed, NotFetched, and Invalid where it is no URL."""
        until = time.monotonic() + self.seconds
        here = _parsed(url)
        backend = GuardedBackend(self.resolve, self.dial, until=until)
        with httpcore2.ConnectionPool(network_backend=backend) as pool:
            for _ in range(MOST_REDIRECTS + 1):
                target_of(here, self.hosts)
                found = self._ask(pool, here, until)
                if isinstance(found, bytes):
                    return found
                here = found
        raise NotFetched(f"The URL leads on more than {MOST_REDIRECTS} times.")

    def _ask(
        self, pool: httpcore2.ConnectionPool, url: httpcore2.URL, until: float
    ) -> bytes | httpcore2.URL:
        """The file, or where it is said to be."""
        left = _left(until)
        timeouts = {"connect": left, "read": left, "write": left, "pool": left}
        try:
            with pool.stream(
                "GET", url, headers=_HEADERS, extensions={"timeout": timeouts}
            ) as answer:
                if answer.status in _REDIRECTS:
                    return _next(url, answer)
                if answer.status != 200:
                    raise NotFetched(f"The host answered with status {answer.status}.")
                return self._body(answer, until)
        except httpcore2.TimeoutException as error:
            raise NotFetched(f"The file did not arrive within {self.seconds:.0f} s.") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise NotFetched("The host did not send the file.") from error

    def _body(self, answer: httpcore2.Response, until: float) -> bytes:
        data = bytearray()
        for piece in answer.iter_stream():
            data += piece
            if len(data) > self.max_bytes:
                raise NotFetched(f"The file has more than {self.max_bytes} bytes.")
            _left(until)
        return bytes(data)


def _parsed(url: str) -> httpcore2.URL:
    try:
        if not url.isascii() or any(letter <= " " or letter == "\x7f" for letter in url):
            raise ValueError(url)
        parts = urlsplit(url)
        if "@" in parts.netloc:
            raise ValueError(url)
        return httpcore2.URL(url)
    except (ValueError, UnicodeError) as error:
        raise Invalid("This is no URL.", code="url_invalid") from error


def _next(url: httpcore2.URL, answer: httpcore2.Response) -> httpcore2.URL:
    for name, value in answer.headers:
        if name.lower() == b"location":
            return _parsed(urljoin(bytes(url).decode("ascii"), value.decode("latin-1")))
    raise NotFetched("The host leads on without saying where.")


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("The file took too long.")
    return left
