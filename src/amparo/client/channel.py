"""One call: sent to the configured origin alone, tried again where that is safe, read in bounds."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlsplit

import httpx2
from pydantic import ValidationError

from amparo import __version__
from amparo.client.body import Body
from amparo.client.errors import (
    MOST_LETTERS,
    Away,
    Busy,
    CallFailed,
    NotAmparo,
    NotNow,
    NotSent,
    Unreachable,
    kind_of,
)
from amparo.client.patience import Patience
from amparo.wire.problem import Problem

MOST_ANSWER_BYTES = 64 * 1024 * 1024
_WORTH_REPEATING = frozenset({408, 429, 502, 503, 504})
_IDLE_S = 2
"""A connection that was idle for longer may be closing at the other end."""

_SENT = re.compile(r"[!-~]([ -~]*[!-~])?")


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """What is asked. `repeatable`: done twice, it is done once, or it only reads."""

    method: str
    path: str
    query: Mapping[str, str | int] | None = None
    body: Body | None = None
    idempotency_key: str | None = None
    headers: Mapping[str, str] | None = None
    repeatable: bool = False
    has_key: bool = True
    answers: frozenset[int] = frozenset()
    """Statuses that are answers beside 200 to 299."""

    def is_worth_repeating(self, trouble: CallFailed) -> bool:
        """Whether the next attempt is safe, and may end otherwise."""
        if isinstance(trouble, _NeverArrived):
            return True
        if not self.repeatable:
            return False
        if isinstance(trouble, Unreachable | _AtWork):
            return True
        return trouble.status in _WORTH_REPEATING


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What came, whole."""

    status: int
    headers: httpx2.Headers
    data: bytes


class _NeverArrived(Unreachable):
    """There was no connection, so that nothing can have been done."""


class _AtWork(Busy):
    """An earlier attempt with the same key has not ended: its answer is worth waiting for."""


class Channel:
    """Connections to one Amparo. Used by any number of threads."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout_s: float,
        patience: Patience,
        transport: httpx2.BaseTransport | None,
    ) -> None:
        self.origin = checked_url(url)
        self._key = checked_key(key)
        self._timeout_s = timeout_s
        self._patience = patience
        # Nothing from the environment, which would have the key sent through a proxy or replaced.
        self._http = httpx2.Client(
            base_url=self.origin,
            headers={
                "Accept": "application/json, application/problem+json",
                "Accept-Encoding": "identity",
                "User-Agent": f"amparo-client/{__version__}",
            },
            follow_redirects=False,
            trust_env=False,
            transport=transport,
            timeout=timeout_s,
            limits=httpx2.Limits(max_connections=None, keepalive_expiry=_IDLE_S),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(self, call: Call) -> Answer:
        """The answer. Raises CallFailed, once nothing more is worth an attempt."""
        patience = self._patience
        until = patience.monotonic() + patience.total_s
        spent = 0
        for attempt in count(1):
            trouble = self._attempt(call, until)
            if isinstance(trouble, Answer):
                return trouble
            spent += not isinstance(trouble, _AtWork)
            left_s = until - patience.monotonic()
            wait_s = patience.wait_s(attempt, trouble.retry_after_s, left_s)
            if wait_s is None or spent >= patience.attempts or not call.is_worth_repeating(trouble):
                trouble.attempts = attempt
                raise trouble
            patience.sleep(wait_s)
        raise AssertionError("unreachable")

    def _attempt(self, call: Call, until: float) -> Answer | CallFailed:
        """What came of it."""
        until = min(until, self._patience.monotonic() + self._timeout_s)
        try:
            answer = self._answer(call, until)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            return _caused(_NeverArrived(self._silence("cannot be reached")), error)
        except (httpx2.TimeoutException, _Late) as error:
            return _caused(Unreachable(self._silence("did not answer in time")), error)
        except httpx2.TransportError as error:
            return _caused(Unreachable(self._silence("broke the connection off")), error)
        except NotAmparo as error:
            return error
        if 200 <= answer.status < 300 or answer.status in call.answers:
            return answer
        return self._problem(call, answer)

    def _answer(self, call: Call, until: float) -> Answer:
        headers = dict(call.headers or {})
        if call.has_key:
            headers["Authorization"] = f"Bearer {self._key}"
        if call.idempotency_key is not None:
            headers["Idempotency-Key"] = sendable("The idempotency key", call.idempotency_key)
        content = None
        if call.body is not None:
            headers["Content-Type"] = call.body.media_type
            headers["Content-Length"] = str(call.body.size_bytes)
            content = self._in_time(call.body.pieces(), until)
        request = self._http.build_request(
            call.method,
            call.path,
            params=dict(call.query or {}),
            headers=headers,
            content=content,
            timeout=max(0.0, until - self._patience.monotonic()),
        )
        answer = self._http.send(request, stream=True)
        try:
            return Answer(answer.status_code, answer.headers, self._read(answer, until))
        finally:
            answer.close()

    def _read(self, answer: httpx2.Response, until: float) -> bytes:
        data = bytearray()
        for piece in self._in_time(answer.iter_raw(), until):
            data += piece
            if len(data) > MOST_ANSWER_BYTES:
                raise _with_status(
                    NotAmparo(f"The answer has more than {MOST_ANSWER_BYTES} bytes."),
                    answer.status_code,
                )
        return bytes(data)

    def _in_time(self, pieces: Iterator[bytes], until: float) -> Iterator[bytes]:
        """The pieces, as long as there is time: one that trickles would never be too slow."""
        for piece in pieces:
            if self._patience.monotonic() > until:
                raise _Late
            yield piece

    def _silence(self, what: str) -> str:
        return f"Amparo at {self.origin} {what}; see whether it runs and is ready: GET /readyz."

    def _problem(self, call: Call, answer: Answer) -> CallFailed:
        """What a status outside 200 to 299 says."""
        try:
            said = Problem.model_validate_json(answer.data, extra="ignore")
        except ValidationError:
            return self._foreign(answer)
        if answer.status < 400:
            return self._foreign(answer)
        kind = kind_of(answer.status)
        if kind is NotNow and call.idempotency_key is not None:
            kind = _AtWork  # no other conflict is possible where such a key is taken
        trouble = kind(self._shown(said.detail), code=self._shown(said.code))
        trouble.retry_after_s = self._patience.retry_after_s(answer.headers.get("retry-after"))
        return _with_status(trouble, answer.status)

    def _foreign(self, answer: Answer) -> CallFailed:
        """What a proxy answered, or another server: nothing of it is repeated."""
        if 300 <= answer.status < 400:
            what = "leads elsewhere, which is not followed; configure the address that it leads to"
        else:
            what = "answered as Amparo does not; see what stands before it"
        trouble: Away = NotAmparo(f"{self.origin} {what}.")
        trouble.retry_after_s = self._patience.retry_after_s(answer.headers.get("retry-after"))
        return _with_status(trouble, answer.status)

    def _shown(self, text: str) -> str:
        """Somebody else's words: short, in one line, without the key."""
        plain = "".join(letter if letter.isprintable() else " " for letter in text)
        return plain.replace(self._key, "…")[:MOST_LETTERS]


class _Late(Exception):
    """The time of an attempt is over."""


def _with_status(trouble: CallFailed, status: int) -> CallFailed:
    trouble.status = status
    return trouble


def _caused(trouble: CallFailed, cause: Exception) -> CallFailed:
    trouble.__cause__ = cause
    return trouble


def checked_url(url: str) -> str:
    """The address without a slash at its end. Raises NotSent, which does not repeat it."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        httpx2.URL(url)
    except (ValueError, httpx2.InvalidURL):
        known = None
    plain = all("!" <= letter <= "~" and letter not in "@?#" for letter in url)
    if not known or not plain:
        raise NotSent(
            "Say where Amparo is: Amparo(url, key), or AMPARO_URL in the environment, such as "
            "https://amparo.example.org."
        )
    return url.rstrip("/")


def checked_key(key: str) -> str:
    """The key without blanks around it. Raises NotSent, which does not repeat it."""
    stripped = key.strip()
    if not stripped:
        raise NotSent(
            "Give a key that `amparo keys create` has printed: Amparo(url, key), or AMPARO_KEY "
            "in the environment."
        )
    return sendable("The key", stripped)


def sendable(what: str, text: str) -> str:
    """What may stand in a header. Raises NotSent, which does not repeat it."""
    if not _SENT.fullmatch(text):
        raise NotSent(f"{what} has letters that no header can carry.")
    return text


def json_of(value: object) -> bytes:
    """As it is sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
