"""What alerts are made of: what waits and how long, and that the database is there."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

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
    yield from serving_platform(database_url, tmp_path, sandbox, clock)


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


def test_a_database_that_is_away_is_told_and_nothing_made_up(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path}/without-tables.db") as database:
        (only,) = WaitingMetrics(database, SystemClock()).collect()
    assert (only.name, only.samples[0].value) == ("amparo_database_up", 0)
