"""`amparo bulk` on Ray does what it does on Daft's own runner, from and to an object store too."""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from amparo.access.keys import create_organisation
from amparo.access.model import Actor, Scope
from amparo.app.change_lists import add_signals, create_list
from amparo.core.clock import SystemClock
from amparo.db import Database
from amparo.db.migrate import upgrade
from amparo.detect.hashing.digests import digest
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.model import ListKind, NewList, Signal
from amparo.testing.hostile import encoded, photograph_like
from tests.conftest import Run
from tests.stores import Store

OBJECTS = 12
PICTURES = [encoded(photograph_like(96, 80, seed=seed), "JPEG") for seed in range(OBJECTS)]
CATALOGUE = "s3://catalogues/one"
RAY = ("--runner", "ray", "--workers", "2")

pytestmark = pytest.mark.slow


@pytest.fixture
def temporary() -> Iterator[str]:
    """Ray's sockets want a short path."""
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/var/tmp") as folder:
        yield folder


def test_a_scan_and_a_look_back_on_ray(
    store: Store, amparo: Run, tmp_path: Path, temporary: str
) -> None:
    for number, picture in enumerate(PICTURES):
        store.put(f"2019/{number:02}.jpg", picture)
    database = f"sqlite:///{tmp_path / 'amparo.db'}"
    environment = {"RAY_TMPDIR": temporary, "AMPARO_DATABASE_URL": database}
    scan = ("bulk", "scan", "s3://archive/2019", "--to", CATALOGUE, "--part", "3", *RAY)
    ended = amparo(*scan, env=environment)
    assert ended.status == 0, ended.err
    assert [json.loads(line)["objects"] for line in ended.out.splitlines()] == [OBJECTS, 0]
    again = amparo(*scan, env=environment)
    assert [json.loads(line)["objects"] for line in again.out.splitlines()] == [0, OBJECTS]
    assert set(store.gets.values()) == {1}

    with Database(database) as opened:
        upgrade(opened)
        with opened.work() as work:
            organisation = create_organisation(work, "a platform", SystemClock().now())
        actor = Actor(organisation, "test", frozenset(Scope))
        create_list(opened, NewList("known", ListKind.CONFIRMED), actor, SystemClock())
        signal = Signal("s", Algorithm.MD5, digest(PICTURES[7]).md5)
        add_signals(opened, "known", [signal], actor, SystemClock())
    found = amparo("bulk", "lookback", CATALOGUE, *RAY, env=environment)
    assert found.status == 1, found.err
    assert [json.loads(line)["key"] for line in found.out.splitlines()] == ["07.jpg"]
    assert not [each for each in os.listdir(temporary) if each.endswith(".jpg")]


def test_a_cluster_that_is_not_there_is_named_by_its_variable(
    amparo: Run, tmp_path: Path, temporary: str
) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "a.jpg").write_bytes(PICTURES[0])
    environment = {"RAY_TMPDIR": temporary, "RAY_ADDRESS": "auto"}
    ended = amparo("bulk", "scan", "archive", "--to", "catalogue", *RAY, env=environment)
    assert ended.status == 2
    assert "No Ray cluster answers at RAY_ADDRESS, which is 'auto'" in ended.err
    assert "--address" not in ended.err
