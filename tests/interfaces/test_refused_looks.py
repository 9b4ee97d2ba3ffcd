"""Who was refused a look at a notice or an upload is on record; a flood of it is a few entries."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from amparo.access.audit.tables import EntryRow
from amparo.access.model import Actor, Scope
from amparo.access.refusals import MOST_SUBJECTS, WITHIN, Refusals
from amparo.access.roles import GRANTED, Role
from amparo.core.ids import OrganisationId
from amparo.db import Database
from tests.contract.test_solo import Hand
from tests.interfaces.conftest import Platform
from tests.interfaces.people import Browser, invited
from tests.interfaces.test_access import a_key

Refused = list[tuple[str, str, str]]


@pytest.fixture
def number(platform: Platform) -> str:
    """A notice's."""
    told = {"kind": "child", "urls": ["https://example.org/a"], "explanation": "x"}
    answer = platform.http.post("/v1/notices", json=told)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])


def on_record(database: Database) -> Refused:
    with database.reading() as work:
        found = work.execute(
            text(
                "SELECT actor, action, subject FROM audit_entries "
                "WHERE action LIKE '%.look_refused' ORDER BY id"
            )
        )
        return [tuple(each) for each in found]


def test_a_key_that_may_not_look_is_on_record_once(platform: Platform, number: str) -> None:
    key = a_key(platform, Scope.MEDIA_SUBMIT)
    headers = {"Authorization": f"Bearer {key}"}
    name = platform.serving.keys.actor(key).name
    media = str(uuid4())
    for _ in range(3):
        for path in (f"/v1/notices/{number}/told", f"/v1/media/{media}"):
            assert platform.anyone.get(path, headers=headers).status_code == 403
    assert on_record(platform.serving.database) == [
        (name, "notices.look_refused", f"notice:{number}"),
        (name, "media.look_refused", f"media:{media}"),
    ]


def test_a_person_who_may_not_look_is_on_record(platform: Platform, number: str) -> None:
    role = next(each for each in Role if Scope.NOTICES_READ not in GRANTED[each])
    browser = Browser(platform)
    browser.accept(invited(platform, [role]))
    assert browser.http.get(f"/v1/notices/{number}/told").status_code == 403
    person = browser.http.get("/v1/session").json()["person"]
    assert on_record(platform.serving.database) == [
        (f"person:{person}", "notices.look_refused", f"notice:{number}")
    ]


def test_who_is_not_known_and_who_may_look_put_no_refusal_on_record(
    platform: Platform, number: str
) -> None:
    for headers in ({}, {"Authorization": "Bearer amparo_x_y"}):
        assert platform.anyone.get(f"/v1/media/{uuid4()}", headers=headers).status_code == 401
    assert platform.http.get(f"/v1/notices/{number}/told").status_code == 200
    assert on_record(platform.serving.database) == []


@pytest.mark.parametrize("name", ["%00", "%0A", "x" * 300, "a%20b"])
def test_what_a_path_says_beside_a_name_is_not_on_record(platform: Platform, name: str) -> None:
    headers = {"Authorization": f"Bearer {a_key(platform, Scope.MEDIA_SUBMIT)}"}
    assert platform.anyone.get(f"/v1/media/{name}", headers=headers).status_code == 403
    assert [each[2] for each in on_record(platform.serving.database)] == ["media:?"]


def test_a_flood_is_a_few_entries_a_minute_and_how_many_more_there_were(
    database: Database, organisation: OrganisationId
) -> None:
    clock = Hand()
    refusals = Refusals(database, clock)
    one, other = (Actor(organisation, f"key:{name}", frozenset()) for name in "ab")
    for number in range(MOST_SUBJECTS + 30):
        refusals.note(one, "media.look_refused", f"media:{number}")
        refusals.note(one, "media.look_refused", "media:0")
    assert len(on_record(database)) == MOST_SUBJECTS
    refusals.note(other, "media.look_refused", "media:0")
    assert len(on_record(database)) == MOST_SUBJECTS + 1
    clock.time += WITHIN - timedelta(seconds=1)
    refusals.note(one, "media.look_refused", "media:0")
    assert len(on_record(database)) == MOST_SUBJECTS + 1
    clock.time += timedelta(seconds=1)
    refusals.note(one, "media.look_refused", "media:0")
    assert len(on_record(database)) == MOST_SUBJECTS + 2
    with database.reading() as work:
        entries = work.execute(select(EntryRow.detail).where(EntryRow.actor == one.name)).scalars()
        said = sum(1 + each.get("passed_over", 0) for each in entries)
    assert said == 2 * (MOST_SUBJECTS + 30) + 2  # each of them, in one entry or another
