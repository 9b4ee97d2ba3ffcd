"""The flood guard as a platform meets it."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from amparo.access.model import Actor, Scope
from amparo.app.change_lists import end_flood
from tests.interfaces.conftest import Platform
from tests.interfaces.test_media import CAT, ROCKET, sha256_of, submit


def actions(platform: Platform, file: bytes, times: int) -> list[str]:
    return [submit(platform, file).json()["action"] for _ in range(times)]


def test_a_signal_that_floods_is_suspended_told_and_resumed_by_a_person(
    platform: Platform,
) -> None:
    platform.make_list()
    cat, _ = platform.add(sha256_of(CAT), sha256_of(ROCKET))
    floor = platform.serving.settings.flood_floor
    assert actions(platform, CAT, floor - 1) == ["block"] * (floor - 1)
    flooded = submit(platform, CAT).json()
    assert flooded["action"] == "review"
    assert "flood guard" in flooded["restrained"]
    assert submit(platform, ROCKET).json()["action"] == "block"
    with platform.serving.database.reading() as work:
        audited = work.execute(
            text("SELECT count(*) FROM audit_entries WHERE action = 'signals.suspend'")
        ).scalar_one()
        held = work.execute(
            text("SELECT count(*) FROM media WHERE held_as IS NOT NULL")
        ).scalar_one()
    assert (audited, held) == (1, floor + 1)
    key = platform.serving.keys.actor(platform.key)
    person = Actor(key.organisation_id, "a person", frozenset(Scope))
    end_flood(platform.serving.database, int(cat), person, platform.serving.clock)
    assert actions(platform, CAT, 3) == ["block"] * 3


def test_of_many_uploads_at_once_one_raises_the_alarm(platform: Platform) -> None:
    platform.make_list()
    platform.add(sha256_of(CAT))
    floor = platform.serving.settings.flood_floor
    with ThreadPoolExecutor(8) as threads:
        found = list(
            threads.map(lambda _: submit(platform, CAT).json()["action"], range(3 * floor))
        )
    assert set(found) == {"block", "review"}
    with platform.serving.database.reading() as work:
        for table, kind in (
            ("audit_entries", "action = 'signals.suspend'"),
            ("floods", "hits > 0"),
        ):
            told = work.execute(text(f"SELECT count(*) FROM {table} WHERE {kind}")).scalar_one()
            assert told == 1, table
