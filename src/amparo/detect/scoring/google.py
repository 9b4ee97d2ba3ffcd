"""Google's Content Safety API: how soon people should look at a picture; never what it is.

Source: Google’s documentation for partners. It says a word for each picture, from
VERY_LOW to VERY_HIGH; here each word is a number, for nothing but the order of work.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from urllib.parse import quote

from amparo.core.settings import Settings
from amparo.detect.scoring.elsewhere import NotAnswered, Service, poster_of, secret_in
from amparo.detect.scoring.scorer import PictureScorer, UnknownWord

ORIGIN = "https://contentsafety.googleapis.com"
PATH = "/v1beta1/images:classify"
LABEL = "google_content_safety"
PRIORITIES: Mapping[str, float] = MappingProxyType(
    {"VERY_LOW": 0.1, "LOW": 0.3, "MEDIUM": 0.5, "HIGH": 0.7, "VERY_HIGH": 0.9}
)
"""An order and no measure: HIGH is not half as likely again as MEDIUM."""

SIDE = 640
"""Google recommends about 640 × 480, and that nothing is enlarged."""


class GoogleContentSafety(PictureScorer):
    """All frames of an upload in one call, of which Google allows 32."""

    name = "google-content-safety"
    labels = (LABEL,)
    side = SIDE

    def __init__(self, service: Service, key: str) -> None:
        service.check()
        self._service = service
        # Google takes the key in the address; it stands in no header, message or log.
        self._path = f"{PATH}?key={quote(key, safe='')}"

    def score_pictures(self, pictures: Sequence[bytes]) -> Mapping[str, Sequence[float]]:
        """Raises UnknownWord where a priority is none of those five."""
        images = [base64.b64encode(each).decode("ascii") for each in pictures]
        body = json.dumps({"images": images}).encode()
        words = self._service.ask(self._path, "application/json", body).get("reviewPriorities")
        if not isinstance(words, list) or len(words) != len(pictures):
            raise NotAnswered("no priority for each picture")
        for each in words:
            if not isinstance(each, str) or each not in PRIORITIES:
                raise UnknownWord(each)
        return {LABEL: [PRIORITIES[each] for each in words]}


def scorer(settings: Settings) -> GoogleContentSafety:
    """The one that AMPARO_SCORERS calls `google-content-safety`. Raises Invalid."""
    key = secret_in(settings.google_key_file, "AMPARO_GOOGLE_KEY_FILE")
    return GoogleContentSafety(Service(ORIGIN, {}, poster_of(settings)), key)
