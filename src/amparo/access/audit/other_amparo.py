"""Another Amparo as witness: it is told what the chain came to, and says what it was told."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from amparo.access.audit.checkpoint import checkpoint_of
from amparo.access.audit.hear import Told
from amparo.access.audit.witness import WitnessRefused
from amparo.core.errors import AmparoError, Invalid, Unavailable
from amparo.net.post import Poster, Reply

_PATH = "/v1/checkpoints"
_MOST_BYTES = 4 * 1024 * 1024
_MOST_LETTERS = 300
_OF_ANOTHER = "another-key"


@dataclass(frozen=True, slots=True)
class OtherAmparo:
    """One at a URL, which knows this one by the service key in a file; read anew each time."""

    url: str
    key_file: Path
    public_key: Ed25519PublicKey
    poster: Poster

    @property
    def name(self) -> str:
        """Where it is."""
        return self.url

    def tell(self, line: str) -> None:
        """Tell it a checkpoint. Raises Unavailable, WitnessRefused."""
        raw = self.public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        body = json.dumps(json.loads(line) | {"public_key": raw.hex()}).encode()
        others = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        reply = self._ask("POST", _PATH, body, others)
        if reply.status == 409:
            raise WitnessRefused(f"{self.url} has answered: {_detail(reply)}")
        if reply.status not in (200, 201):
            raise Unavailable(f"{self.url} has answered {reply.status}: {_detail(reply)}")

    def told(
        self, trail: str | None = None, *, advance: Callable[[int], None] = lambda _: None
    ) -> list[Told]:
        """All that it was told of this trail, which has a name where the key reads several.

        Raises Unavailable, and Invalid where there is nothing to hold a trail against.
        """
        found = []
        for said in self._pages(trail):
            found.append(said)
            advance(len(found))
        names = sorted({str(each.get("trail")) for each in found})
        if len(names) > 1:
            raise Invalid(
                f"This key reads several trails at {self.url}: say which one with --witness-trail; "
                f"there are {', '.join(map(_plain, names))}."
            )
        # Somebody else may have used the same key by mistake; that is no part of this trail.
        told = [_told(each) for each in found if each.get("contradiction") != _OF_ANOTHER]
        if not told:
            raise Invalid(
                f"{self.url} was told nothing of this trail, so that it cannot vouch for it.",
                code="witness_silent",
            )
        return told

    def _pages(self, trail: str | None) -> Iterator[dict[str, Any]]:
        asked = {} if trail is None else {"trail": trail}
        while True:
            reply = self._ask("GET", f"{_PATH}?{urlencode(asked, quote_via=quote)}")
            if reply.status != 200:
                raise Unavailable(f"{self.url} has answered {reply.status}: {_detail(reply)}")
            try:
                page = json.loads(reply.body)
                yield from page["checkpoints"]
                after = page["next"]
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise Unavailable(f"{self.url} answers as no Amparo does.") from error
            if after is None or not isinstance(after, str) or after == asked.get("after"):
                return
            asked["after"] = after

    def _ask(
        self, method: str, path: str, body: bytes = b"", others: dict[str, str] | None = None
    ) -> Reply:
        headers = {"Authorization": f"Bearer {self._key()}", "Accept-Encoding": "identity"}
        url = self.url.rstrip("/") + path
        try:
            return self.poster.ask(
                method, url, headers | (others or {}), body, most_bytes=_MOST_BYTES
            )
        except AmparoError as error:
            raise Unavailable(f"{self.url} cannot be asked: {error.message}") from error

    def _key(self) -> str:
        try:
            key = self.key_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(
                f"The key for the witness, {self.key_file}, cannot be read."
            ) from error
        if not key or not key.replace("_", "").isalnum():
            raise Unavailable(f"{self.key_file} holds no key that an Amparo has printed.")
        return key


def _told(said: dict[str, Any]) -> Told:
    try:
        checkpoint = checkpoint_of(said)
        received = str(said["received_at"])
    except (Invalid, KeyError, TypeError) as error:
        raise Unavailable("The witness answers as no Amparo does.") from error
    return Told(checkpoint, f"told {_plain(received)}")


def _detail(reply: Reply) -> str:
    """What an answer says in words, as far as it can be shown."""
    try:
        detail = str(json.loads(reply.body)["detail"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "no more than that"
    return _plain(detail)


def _plain(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text[:_MOST_LETTERS])
