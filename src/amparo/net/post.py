"""Send a message to an address that somebody of the platform has chosen, through the guard."""

import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpcore2

from amparo.core.errors import Invalid, Unavailable
from amparo.net.guard import (
    Dial,
    GuardedBackend,
    NotAllowed,
    Resolve,
    dial,
    is_address,
    is_named,
    is_public,
    resolve,
)

MOST_URL_LETTERS = 2000
_LONGEST_WAIT_S = 3600


@dataclass(frozen=True, slots=True)
class Answered:
    """What the other end said. `retry_after_s` is how long it wants to be left alone."""

    status: int
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its body."""

    status: int
    body: bytes
    retry_after_s: int | None = None


class NotSent(Unavailable):
    """Nothing was answered; the message says why."""

    code = "not_sent"


@dataclass(frozen=True, slots=True)
class Poster:
    """Sends to public hosts by https, and to `private` ones however it is said.

    Nothing leads it on: a redirect is an answer like others. Of an answer to what is posted only
    the head is read.
    """

    private: Sequence[str]
    seconds: float
    resolve: Resolve = resolve
    dial: Dial = dial
    setting: str = "AMPARO_WEBHOOK_HOSTS"
    """Which setting has `private`, for those who are told to name a host there."""

    authorities: ssl.SSLContext | None = None
    """Whom to believe who somebody is; None reads the system's anew each time, which takes long."""

    def check(self, url: str) -> None:
        """Raises Invalid, NotAllowed where it will never be sent there."""
        self._parsed(url)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send it. Raises NotAllowed, NotSent."""
        with self._asked("POST", url, headers, body) as answer:
            return Answered(answer.status, _retry_after(answer))

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"",
        *, most_bytes: int,
    ) -> Reply:  # fmt: skip
        """Ask, and read what is answered. Raises NotAllowed, NotSent."""
        with self._asked(method, url, headers, body) as answer:
            read = bytearray()
            for piece in answer.iter_stream():
                read += piece
                if len(read) > most_bytes:
                    raise NotSent(f"The answer has more than {most_bytes} bytes.")
            return Reply(answer.status, bytes(read), _retry_after(answer))

    @contextmanager
    def _asked(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Iterator[httpcore2.Response]:
        where = self._parsed(url)
        until = time.monotonic() + self.seconds
        backend = GuardedBackend(self.resolve, self.dial, until=until, private=self.private)
        said = [*headers.items(), ("Host", urlsplit(url).netloc), ("User-Agent", "amparo")]
        left = self.seconds
        timeouts = {"connect": left, "read": left, "write": left, "pool": left}
        try:
            with (
                httpcore2.ConnectionPool(self.authorities, network_backend=backend) as pool,
                pool.stream(
                    method, where, headers=said, content=body, extensions={"timeout": timeouts}
                ) as answer,
            ):
                yield answer
        except (httpcore2.TimeoutException, TimeoutError) as error:
            raise NotSent(f"No answer within {self.seconds:.0f} s.") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise NotSent(f"{str(error).rstrip('.') or type(error).__name__}.") from error

    def _parsed(self, url: str) -> httpcore2.URL:
        if len(url) > MOST_URL_LETTERS or any(not "!" <= letter <= "~" for letter in url):
            raise Invalid("This is no URL.", code="url_invalid")
        try:
            parts = urlsplit(url)
            known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError as error:
            raise Invalid("This is no URL.", code="url_invalid") from error
        if not known or "@" in parts.netloc or parts.fragment:
            raise Invalid("This is no http:// or https:// URL.", code="url_invalid")
        if not is_named(parts.hostname or "", self.private) and (
            parts.scheme != "https" or parts.port not in (None, 443)
        ):
            raise NotAllowed(
                "Only https:// on its own port is sent to; name hosts of your own network in "
                f"{self.setting}."
            )
        if is_address(parts.hostname or "") and not (
            is_public(parts.hostname or "") or is_named(parts.hostname or "", self.private)
        ):
            raise NotAllowed(
                f"This address is not public; name hosts of your own network in {self.setting}."
            )
        return httpcore2.URL(url)


def _retry_after(answer: httpcore2.Response) -> int | None:
    """Seconds; a date is left to our own back-off."""
    for name, value in answer.headers:
        if name.lower() == b"retry-after" and value.isdigit():
            return min(int(value[:6]), _LONGEST_WAIT_S)
    return None
