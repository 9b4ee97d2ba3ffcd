"""Any model that speaks a tiny JSON protocol over HTTP, such as one on a machine of your own.

It is posted `{"labels": ["a"], "pictures": ["<base64 of a JPEG>", …]}` and answers
`{"scores": {"a": [0.5, …]}}`: under each label a number from 0 to 1 for each picture.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from amparo.core.errors import Invalid
from amparo.core.settings import Settings
from amparo.detect.scoring.elsewhere import NotAnswered, Service, poster_of, secret_in
from amparo.detect.scoring.scorer import PictureScorer

SIDE = 512


class OverHttp(PictureScorer):
    """All frames of an upload in one call."""

    name = "http"
    side = SIDE

    def __init__(self, service: Service, labels: tuple[str, ...]) -> None:
        service.check()
        self._service = service
        self.labels = labels

    def score_pictures(self, pictures: Sequence[bytes]) -> Mapping[str, Sequence[float]]:
        """What it answers under each label, which is checked where it is used."""
        images = [base64.b64encode(each).decode("ascii") for each in pictures]
        body = json.dumps({"labels": list(self.labels), "pictures": images}).encode()
        scores: Any = self._service.ask("", "application/json", body).get("scores")
        if not isinstance(scores, dict) or not all(_are_numbers(each) for each in scores.values()):
            raise NotAnswered("no scores")
        return scores


def scorer(settings: Settings) -> OverHttp:
    """The one that AMPARO_SCORERS calls `http`. Raises Invalid."""
    if not settings.score_url:
        raise Invalid("Set AMPARO_SCORE_URL to where the scorer `http` is to ask.")
    token = secret_in(settings.score_token_file, "AMPARO_SCORE_TOKEN_FILE")
    headers = {"Authorization": f"Bearer {token}"}
    return OverHttp(
        Service(settings.score_url, headers, poster_of(settings), "AMPARO_SCORE_URL"),
        settings.score_labels,
    )


def _are_numbers(column: object) -> bool:
    return isinstance(column, list) and all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in column
    )
