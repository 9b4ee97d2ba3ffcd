"""Uploads that no list knows are scored; a list's own are not, and a score decides nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from amparo.detect.media.sandbox import Sandbox
from tests.interfaces.conftest import Platform, serving_platform
from tests.interfaces.test_media import CAT, ROCKET, pdq_of, submit


@pytest.fixture
def scoring(
    database_url: str, tmp_path: Path, sandbox: Sandbox, database: object
) -> Iterator[Platform]:
    """Served with the model that Amparo brings."""
    yield from serving_platform(
        database_url, tmp_path, sandbox, scorers=("opennsfw",), score_seconds=60
    )


def test_what_no_list_knows_is_scored_and_what_a_list_knows_is_not(scoring: Platform) -> None:
    scoring.make_list()
    scoring.add(pdq_of(CAT))
    unknown, known = submit(scoring, ROCKET).json(), submit(scoring, CAT).json()
    assert unknown["action"] == "allow"
    assert 0 <= unknown["scores"]["opennsfw"] < 0.5
    assert (known["scores"], known["unanswered"]) == ({}, {})
    media = scoring.http.get(f"/v1/media/{unknown['media_id']}").json()
    assert media == unknown
