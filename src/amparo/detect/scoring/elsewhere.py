"""A service elsewhere that answers in JSON: asked once, within limits, credentials from files."""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from amparo.core.errors import AmparoError, Invalid
from amparo.core.settings import Settings
from amparo.detect.scoring.scorer import Busy
from amparo.net.post import Poster

_MOST_BYTES = 1024 * 1024
_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_BUSY_S = 30


class NotAnswered(Exception):
    """What came back is no answer; the message says what it was, and nothing of what it said."""


@dataclass(frozen=True, slots=True)
class Service:
    """One origin, and the headers by which it knows who asks; neither is ever shown."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    poster: Poster = field(repr=False)
    setting: str = "its address"
    """Which setting has the address."""

    def check(self) -> None:
        """Raises Invalid where it could never be asked, which names the setting."""
        try:
            self.poster.check(self.url)
        except AmparoError as error:
            raise Invalid(f"{self.setting}: {error.message}") from error

    def ask(self, path: str, content_type: str, body: bytes) -> dict[str, Any]:
        """The object that it answers with. Raises Busy, NotAnswered, NotSent, NotAllowed."""
        headers = {
            **self.headers,
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        reply = self.poster.ask("POST", self.url + path, headers, body, most_bytes=_MOST_BYTES)
        if reply.status in _BUSY:
            raise Busy(reply.retry_after_s or _BUSY_S)
        if reply.status != HTTPStatus.OK:
            raise NotAnswered(f"status {reply.status}")
        try:
            said = json.loads(reply.body)
        except (ValueError, RecursionError):
            raise NotAnswered("no JSON") from None
        if not isinstance(said, dict):
            raise NotAnswered("no JSON object")
        return said


def poster_of(settings: Settings) -> Poster:
    """Sends to public hosts and to those of AMPARO_SCORE_HOSTS, in the time that scoring has."""
    return Poster(
        settings.score_hosts,
        settings.score_seconds,
        setting="AMPARO_SCORE_HOSTS",
        authorities=ssl.create_default_context(),
    )


def secret_in(file: Path | None, setting: str) -> str:
    """The one line of a file that a setting names. Raises Invalid."""
    if file is None:
        raise Invalid(f"Set {setting} to a file with nothing but the secret in it.")
    try:
        said = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{setting}: {file} cannot be read ({type(error).__name__}).") from None
    if not said or any(not "!" <= letter <= "~" for letter in said):
        raise Invalid(f"{setting}: {file} must hold one line of printable letters, without spaces.")
    return said
