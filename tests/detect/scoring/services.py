"""Services as the settings would name them, but at a sandbox on this machine."""

from amparo.detect.scoring.elsewhere import Service
from amparo.detect.scoring.google import GoogleContentSafety
from amparo.detect.scoring.over_http import OverHttp
from amparo.net.post import Poster
from amparo.testing import content_safety, http_scorer

SECONDS = 5.0


def poster(seconds: float = SECONDS) -> Poster:
    """Lets this machine be asked, as AMPARO_SCORE_HOSTS would."""
    return Poster(("127.0.0.1",), seconds)


def google(url: str, seconds: float = SECONDS) -> GoogleContentSafety:
    """Asks the sandbox."""
    return GoogleContentSafety(Service(url, {}, poster(seconds)), content_safety.KEY)


def over_http(
    url: str, seconds: float = SECONDS, labels: tuple[str, ...] = ("bright",)
) -> OverHttp:
    """Asks the sandbox."""
    headers = {"Authorization": f"Bearer {http_scorer.TOKEN}"}
    return OverHttp(Service(url, headers, poster(seconds)), labels)
