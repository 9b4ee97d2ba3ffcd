"""What alerts are made of: what waits and how long, and that the database is there."""

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from amparo.access.installation import put_backup
from amparo.app.waiting_metrics import WaitingMetrics
from amparo.core.clock import SystemClock
from amparo.db import Database
from amparo.detect.media.sandbox import Sandbox
from tests.interfaces.conftest import Platform, serving_platform
from tests.interfaces.test_webhooks import Ahead


@pytest.fixture
def clock() -> Ahead:
    return Ahead()


@pytest.fixture
def platform(
    database: Database, database_url: str, tmp_path: Path, sandbox: Sandbox, clock: Ahead
) -> Iterator[Platform]:
    yield from serving_platform(
        database_url, tmp_path, sandbox, clock, audit_witness_file=tmp_path / "witness.jsonl"
    )


def told(platform: Platform) -> dict[str, float]:
    """The gauges by name and label."""
    answer = platform.http.get("/metrics")
    assert answer.status_code == 200
    return {
        " ".join([each.name, *each.labels.values()]): each.value
        for family in text_string_to_metric_families(answer.text)
        for each in family.samples
    }


def test_what_waits_is_counted_and_how_long(platform: Platform, clock: Ahead) -> None:
    before = told(platform)
    assert before["amparo_database_up"] == 1
    assert before["amparo_waiting notices"] == before["amparo_notices_overdue"] == 0
    notice = {"kind": "other", "urls": ["https://example.org/a"], "explanation": "x"}
    assert platform.http.post("/v1/notices", json=notice).status_code == 201
    clock.by = timedelta(days=40)
    after = told(platform)
    assert after["amparo_waiting notices"] == after["amparo_notices_overdue"] == 1
    assert after["amparo_waiting_oldest_seconds notices"] == pytest.approx(40 * 86400, abs=100)
    assert "amparo_notices_due_seconds" not in before
    assert after["amparo_notices_due_seconds"] == pytest.approx((7 - 40) * 86400, abs=100)


def test_how_long_nothing_was_backed_up(platform: Platform, clock: Ahead) -> None:
    clock.by = timedelta(days=3)
    assert told(platform)["amparo_without_backup_seconds"] == pytest.approx(3 * 86400, abs=100)
    with platform.serving.database.work() as work:
        put_backup(work, clock.now())
    clock.by = timedelta(days=4)
    assert told(platform)["amparo_without_backup_seconds"] == pytest.approx(86400, abs=100)


def test_space_and_a_witness_file_are_told_of(platform: Platform, tmp_path: Path) -> None:
    gauges = told(platform)
    free = shutil.disk_usage(tmp_path).free
    assert gauges["amparo_home_free_bytes"] == pytest.approx(free, rel=0.2)
    assert f"amparo_audit_witness_position {tmp_path / 'witness.jsonl'}" in gauges


def test_every_series_of_the_handbook_is_there(platform: Platform) -> None:
    waits = {"kind": "other", "urls": ["https://example.org/a"], "explanation": "x"}
    assert platform.http.post("/v1/notices", json=waits).status_code == 201
    handbook = (Path(__file__).parents[2] / "docs" / "how-to" / "operate.md").read_text()
    named = set(re.findall(r"\bamparo_[a-z_]+", handbook))
    there = set(re.findall(r"^# TYPE (\S+)", platform.http.get("/metrics").text, re.MULTILINE))
    assert named
    assert named <= there


def test_a_database_that_is_away_is_told_and_nothing_made_up(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path}/without-tables.db") as database:
        (only,) = WaitingMetrics(database, SystemClock()).collect()
    assert (only.name, only.samples[0].value) == ("amparo_database_up", 0)
