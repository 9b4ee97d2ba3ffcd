"""A sandbox of a model behind the scorer `http`: it refuses whatever is not its protocol."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image

from amparo.testing.json_service import Behaviour, Refused, Request, json_of, serving
from amparo.testing.pictures_sent import pictures_in

TOKEN = "a-token-of-the-sandbox"  # noqa: S105 (of nothing real)
_MOST_PICTURES = 16
_MOST_BYTES = 16 * 1024 * 1024


def brightness(picture: Image.Image) -> float:
    """What it scores, unless told otherwise: how bright a picture is."""
    return float(np.asarray(picture.convert("L")).mean()) / 255


@dataclass
class HttpScorer(Behaviour):
    """What it says of each picture under each label."""

    score: Callable[[Image.Image], float] = brightness


@contextmanager
def sandbox_http_scorer() -> Iterator[HttpScorer]:
    """Serves until the block ends; knows TOKEN alone."""
    state = HttpScorer()
    with serving(state, lambda request: _answer(state, request)):
        yield state


def _answer(state: HttpScorer, request: Request) -> object:
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        raise Refused(401, "the token is not one")
    said = json_of(request, {"labels", "pictures"}, most_bytes=_MOST_BYTES)
    pictures = pictures_in(said["pictures"], most=_MOST_PICTURES)
    labels = said["labels"]
    if not isinstance(labels, list) or not all(isinstance(each, str) for each in labels):
        raise Refused(400, "labels are not texts")
    return {"scores": {label: [state.score(each) for each in pictures] for label in labels}}
