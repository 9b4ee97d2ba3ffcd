"""What may be scanned where: as the profile on record says."""

import json

import httpx2
import pytest
from sqlalchemy import text

from amparo.access.jurisdiction.profile import BadProfile
from amparo.app.change_jurisdiction import record_profile
from amparo.core.clock import SystemClock
from tests.access.test_jurisdiction import GOOD
from tests.interfaces.conftest import Platform

FOR_MESSAGES = GOOD + "  message: consent, as counsel has named it\n"


def upload(platform: Platform, surface: str) -> httpx2.Response:
    said = json.dumps({"context": {"surface": surface}})
    return platform.http.post("/v1/media", files={"file": b"a note"}, data={"metadata": said})


def have_hold(platform: Platform, profile: str) -> None:
    actor = platform.serving.keys.actor(platform.key)
    record_profile(platform.serving.database, profile, "p.yaml", actor, SystemClock())


def test_private_messages_wait_for_a_lawful_basis(platform: Platform) -> None:
    refused = upload(platform, "message")
    assert (refused.status_code, refused.json()["code"]) == (403, "surface_not_lawful")
    assert platform.http.get("/v1/decisions").json()["decisions"] == []
    have_hold(platform, FOR_MESSAGES)
    assert upload(platform, "message").status_code == 200


def test_a_profile_allows_what_it_names_and_is_told_to_the_policy(platform: Platform) -> None:
    assert upload(platform, "storage").status_code == 200
    have_hold(platform, FOR_MESSAGES)
    have_hold(platform, GOOD)
    assert upload(platform, "storage").status_code == 403
    assert upload(platform, "message").status_code == 403
    assert upload(platform, "post").status_code == 200
    with platform.serving.database.reading() as work:
        facts = work.execute(text("SELECT facts FROM decisions")).scalars().all()
        recorded = work.execute(
            text("SELECT count(*) FROM audit_entries WHERE action = 'jurisdiction.record'")
        ).scalar()
    assert ["'here'" in str(each) or '"here"' in str(each) for each in facts].count(True) == 1
    assert recorded == 2


def test_what_nobody_has_signed_off_is_not_recorded(platform: Platform) -> None:
    with pytest.raises(BadProfile):
        have_hold(platform, GOOD.replace("counsel: A. Lawyer", "counsel: ''"))
    assert upload(platform, "storage").status_code == 200
