"""A sandbox of Project Arachnid Shield that refuses what the real one refuses.

A file that is submitted to its analysts is kept by them for good: whoever does that fails the test.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from amparo.detect.media.sniff import sniff
from amparo.testing.json_service import Behaviour, Refused, Request, json_of, serving

USER, PASSWORD = "amparo", "a-password-of-the-sandbox"
_MOST_BYTES = 1024 * 1024
_HASH_BYTES = 32
_SUBMIT = "/v1/media/submit"
NO_KNOWN_MATCH: tuple[str, str | None] = ("no-known-match", None)


@dataclass
class ShieldState(Behaviour):
    """What it knows: a classification and a kind of match, by SHA-256, by URL, and by PDQ hash."""

    files: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    urls: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    hashes: dict[bytes, tuple[str, str | None] | None] = field(default_factory=dict)
    """None: it answers with null."""

    unanswered: set[bytes] = field(default_factory=set)
    """PDQ hashes of which it says nothing at all."""

    speaks_of_another: bool = False
    """Whether it answers about another file than it was asked about."""

    submitted: int = 0


@contextmanager
def sandbox_shield() -> Iterator[ShieldState]:
    """Serves until the block ends. Raises AssertionError where a file was submitted."""
    state = ShieldState()
    with serving(state, lambda request: _answer(state, request)):
        yield state
    assert not state.submitted, "a file was submitted to Project Arachnid, which keeps it"


def _answer(state: ShieldState, request: Request) -> object:
    if urlsplit(request.path).path.rstrip("/") == _SUBMIT:
        state.submitted += 1
        raise Refused(403, "nothing is ever submitted")
    known = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    if request.headers.get("authorization") != f"Basic {known}":
        raise Refused(401, "the password is not the one")
    answers = {"/v1/media/": _media, "/v1/url/": _url, "/v1/pdq/": _pdq}
    if request.path not in answers:
        raise Refused(404, "there is no such call")
    return answers[request.path](state, request)


def _media(state: ShieldState, request: Request) -> object:
    if request.headers.get("content-type") != sniff(request.body).value:
        raise Refused(415, "the file is not what it is said to be")
    digest = hashlib.sha256(request.body).hexdigest()
    said = hashlib.sha256(b"another").hexdigest() if state.speaks_of_another else digest
    return _scanned(request.body, said, state.files.get(digest, NO_KNOWN_MATCH))


def _url(state: ShieldState, request: Request) -> object:
    url = json_of(request, {"url"}, most_bytes=_MOST_BYTES)["url"]
    return _scanned(b"", hashlib.sha256().hexdigest(), state.urls.get(str(url), NO_KNOWN_MATCH))


def _scanned(data: bytes, sha256: str, said: tuple[str, str | None]) -> object:
    sha1 = hashlib.sha1(data, usedforsecurity=False).digest()
    return {
        "sha1_base32": base64.b32encode(sha1).decode(),
        "sha256_hex": sha256,
        "size_bytes": len(data),
        "classification": said[0],
        "match_type": said[1],
        "near_match_details": [],
    }


def _pdq(state: ShieldState, request: Request) -> object:
    asked = json_of(request, {"hashes"}, most_bytes=_MOST_BYTES)["hashes"]
    if not isinstance(asked, list) or not asked:
        raise Refused(400, "there are no hashes")
    found: dict[str, object] = {}
    for each in asked:
        value = _hash(each)
        if value not in state.unanswered:
            said = state.hashes.get(value, NO_KNOWN_MATCH)
            found[str(each)] = said and {
                "classification": said[0],
                "match_type": said[1],
                "near_match_details": None,
            }
    return {"scanned_hashes": found}


def _hash(text: object) -> bytes:
    try:
        value = base64.b64decode(str(text), validate=True)
    except binascii.Error:
        raise Refused(400, "one is no base64") from None
    if len(value) != _HASH_BYTES:
        raise Refused(400, "one is not of 32 bytes")
    return value
