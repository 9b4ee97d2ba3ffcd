"""Project Arachnid Shield, a list elsewhere: its three questions, and what its answers mean here.

What is sent for good, to its analysts, is another call of theirs, and there is no way to it here:
a call is one of the three below. Source: the interface as its own clients document it, version 1.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from amparo.core.settings import Settings
from amparo.detect.scoring.elsewhere import NotAnswered, Service, poster_of, secret_in

NAME = "Project Arachnid Shield"
CSAM = "csam"
HITS = frozenset({CSAM, "harmful-abusive-material"})
NO_HIT = "no-known-match"
EXACT = "exact"

MOST_HASHES = 64


class Call(StrEnum):
    """All that is ever asked, by its path."""

    MEDIA = "/v1/media/"
    URL = "/v1/url/"
    PDQ = "/v1/pdq/"


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """What it says of a file or hash, in its own word; `exact` where it means the very same."""

    classification: str
    exact: bool = False

    @property
    def is_hit(self) -> bool:
        """One of the two words that mean something; any other, known or new, is no hit."""
        return self.classification in HITS

    @property
    def is_clear(self) -> bool:
        """Whether it says that it knows nothing of the kind, which does not mean harmless."""
        return self.classification == NO_HIT


class Shield:
    """Asked from any number of threads. Whatever is not an answer is raised, and no hit."""

    def __init__(self, service: Service) -> None:
        service.check()
        self._service = service

    def media(self, data: bytes, media_type: str, *, sha256: str) -> Said:
        """Whether it knows the file. Raises NotAnswered where it speaks of another file."""
        said = self._service.ask(Call.MEDIA, media_type, data)
        if said.get("sha256_hex") != sha256:
            raise NotAnswered("it is about another file")
        return _said(said)

    def url(self, url: str) -> Said:
        """Whether it knows what is at the URL, which it fetches by itself.

        No route asks it, and why is in docs/decisions/0014.
        """
        return _said(self._service.ask(Call.URL, _JSON, json.dumps({"url": url}).encode()))

    def pdq(self, hashes: Sequence[bytes]) -> dict[bytes, Said]:
        """Which of the hashes, 32 bytes each, it answers, and what it knows of them.

        One that is absent was not answered.
        """
        asked = [base64.b64encode(each).decode("ascii") for each in hashes[:MOST_HASHES]]
        said = self._service.ask(Call.PDQ, _JSON, json.dumps({"hashes": asked}).encode())
        found = said.get("scanned_hashes")
        if not isinstance(found, Mapping) or not found.keys() <= set(asked):
            raise NotAnswered("no hash, or one that was not asked for")
        answers = {
            base64.b64decode(value): _said(about)
            for value, about in found.items()
            if _is_answer(about)  # one that is none takes nothing from what was said of others
        }
        if not answers and any(about is not None for about in found.values()):
            raise NotAnswered("no classification")
        return answers


_JSON = "application/json"


def _said(about: Any) -> Said:
    """Raises NotAnswered where it is no answer. Words that nobody here knows are kept.

    A hit of whose kind nothing is said, or what nobody here knows, is a hit, and not an exact one.
    """
    if not _is_answer(about):
        raise NotAnswered("no classification")
    said = Said(about["classification"])
    return Said(said.classification, exact=said.is_hit and about.get("match_type") == EXACT)


def _is_answer(about: Any) -> bool:
    return isinstance(about, Mapping) and isinstance(about.get("classification"), str)


def shield(settings: Settings) -> Shield:
    """As the settings name it. Raises Invalid."""
    password = secret_in(settings.shield_password_file, "AMPARO_SHIELD_PASSWORD_FILE")
    known = base64.b64encode(f"{settings.shield_user}:{password}".encode()).decode("ascii")
    headers = {"Authorization": f"Basic {known}"}
    url = settings.shield_url.rstrip("/")
    return Shield(Service(url, headers, poster_of(settings), "AMPARO_SHIELD_URL"))
