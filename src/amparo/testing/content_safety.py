"""A sandbox of Google's Content Safety API that refuses what the real one refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from amparo.testing.json_service import Behaviour, Refused, Request, json_of, serving
from amparo.testing.pictures_sent import pictures_in

KEY = "a-key-of-the-sandbox+/="
_PATH = "/v1beta1/images:classify"
_MOST_IMAGES = 32
_MOST_BYTES = 10 * 1024 * 1024


@dataclass
class ContentSafety(Behaviour):
    """What it says of the pictures to come, one after another; the last word goes on."""

    words: list[str] = field(default_factory=lambda: ["VERY_LOW"])


@contextmanager
def sandbox_content_safety() -> Iterator[ContentSafety]:
    """Serves until the block ends; knows KEY alone."""
    state = ContentSafety()
    with serving(state, lambda request: _answer(state, request)):
        yield state


def _answer(state: ContentSafety, request: Request) -> object:
    parts = urlsplit(request.path)
    if parts.path != _PATH:
        raise Refused(404, "there is no such method")
    if parse_qsl(parts.query) != [("key", KEY)]:
        raise Refused(403, "the key is not one")
    images = json_of(request, {"images"}, most_bytes=_MOST_BYTES)["images"]
    pictures = pictures_in(images, most=_MOST_IMAGES)
    words = [state.words.pop(0) if len(state.words) > 1 else state.words[0] for _ in pictures]
    return {"reviewPriorities": words, "modelVersion": "sandbox"}
