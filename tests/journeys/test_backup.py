"""`amparo backup` and `amparo restore` as an operator runs them, and what kills them."""

import hashlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from amparo.access.keys import create_organisation, organisations
from amparo.core.clock import SystemClock
from amparo.core.settings import settings
from amparo.db import Database
from amparo.db.migrate import upgrade
from amparo.detect.deciding.tables import DecisionRow, MediaRow
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.bulk_import import import_signals
from amparo.detect.lists.model import NewList, Signal
from amparo.detect.lists.store import Lists
from tests.conftest import Run
from tests.databases import NOW
from tests.journeys.test_serve import Server, free_port, home, server, start  # noqa: F401 (fixtures)

ROWS = 20_000
WAIT_S = 120
KEYS = ("vault-key.txt", "access-key.txt", "audit-key.pem")


def client(port: int, key: str) -> httpx2.Client:
    return httpx2.Client(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}, timeout=60
    )


def _list(there: Server, known: bytes) -> set[str]:
    """Have what is known kept; the decisions until it was."""
    decided = set()
    said = {"action": "allow"}
    signal = {"algorithm": "sha256", "value": hashlib.sha256(known).hexdigest()}
    with client(there.port, there.key) as http:
        http.post("/v1/lists", json={"name": "known", "kind": "confirmed"}).raise_for_status()
        http.post("/v1/lists/known/signals", json={"signals": [signal]}).raise_for_status()
        while said["action"] == "allow":
            said = http.post("/v1/media", content=known).json()
            decided.add(said["decision_id"])
    return decided


def test_a_lost_disk_is_an_inconvenience(server: Server, tmp_path: Path, amparo: Run) -> None:  # noqa: F811
    """A backup while uploads go on; another machine restores it, with the keys, and serves."""
    stop, decided = threading.Event(), []
    known = b"a note that is known"
    earlier = _list(server, known)

    def upload() -> None:
        with client(server.port, server.key) as http:
            while not stop.is_set():
                said = http.post("/v1/media", content=known).json()
                decided.append(said["decision_id"])

    thread = threading.Thread(target=upload)
    thread.start()
    try:
        while len(decided) < 5:
            stop.wait(0.01)
        before = list(decided)
        ended = amparo("backup", "backup", env=server.environment)
        assert ended.status == 0, ended.err
    finally:
        stop.set()
        thread.join()
    assert len(decided) > len(before)  # the service went on
    said = json.loads(ended.out)
    assert said["rows"] > len(before)
    old = Path(server.environment["AMPARO_HOME"])
    again = tmp_path / "again"
    again.mkdir()
    shutil.copytree(settings().home / "kernels", again / "kernels")
    shutil.copytree(tmp_path / "backup", tmp_path / "copy")
    environment = {"AMPARO_HOME": str(again)}
    restored = amparo("restore", "copy", env=environment)
    assert restored.status == 0, restored.err
    assert "recovery codes that were used since hold again" in " ".join(restored.err.split())
    missing = dict.fromkeys(("vault", "access", "audit"), "missing")
    assert json.loads(restored.out)["keys"] == missing
    refused = amparo("serve", "--port", str(free_port()), env=environment)
    assert refused.status == 2
    assert all(f"{again / key} is not there" in refused.err for key in KEYS)  # all at once
    assert not any((again / key).exists() for key in KEYS)
    with Database(f"sqlite:///{again}/amparo.db") as database, database.reading() as work:
        there = {str(each) for each in work.execute(select(DecisionRow.id)).scalars()}
        held = set(work.execute(select(MediaRow.held_as)).scalars()) - {None}
    assert set(before) <= there <= set(decided) | earlier
    assert len(held) > len(before)
    assert held <= {each.name for each in (again / "inbox").iterdir()}
    for key in KEYS:
        shutil.copy(old / key, again)
    process, _ = start(again, "--port", str(port := free_port()))
    try:
        with client(port, server.key) as http:
            assert http.post("/v1/media", content=b"another note").status_code == 200
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_S)
    assert amparo("audit", "verify", env=environment).status == 0


def test_a_drill_says_what_it_is_and_that_it_is_to_be_removed(
    database: Database, database_url: str, tmp_path: Path, amparo: Run
) -> None:
    with database.work() as work:
        create_organisation(work, "a platform", NOW)
    there = {"AMPARO_DATABASE_URL": database_url, "AMPARO_HOME": str(tmp_path / "home")}
    assert amparo("backup", "backup", env=there).status == 0
    refused = amparo("restore", "--drill", "backup", env=there)  # which is in use
    assert refused.status == 2
    assert "Name another one for the drill with AMPARO_DATABASE_URL" in refused.err
    drill = {"AMPARO_DATABASE_URL": "", "AMPARO_HOME": str(tmp_path / "drill")}
    restored = amparo("restore", "--drill", "backup", env=drill)
    assert restored.status == 0, restored.err
    assert json.loads(restored.out)["drill"] is True
    assert f"This is a drill: everything is as it was at {NOW:%Y-%m-%d}" in restored.err
    assert f"the keys first: {tmp_path / 'drill'} and its database" in restored.err
    assert "hold again" not in restored.err
    database.engine.dispose()  # as when the service is stopped
    for_good = amparo("restore", "backup", "--replace", env=there)
    assert json.loads(for_good.out)["drill"] is False
    assert "hold again" in for_good.err


def test_no_worker_begins_in_a_drill(database_url: str, tmp_path: Path, amparo: Run) -> None:
    """On SQLite there is none anyway."""
    here = {"AMPARO_DATABASE_URL": database_url, "AMPARO_HOME": str(tmp_path / "home")}
    assert amparo("db", "upgrade", env=here).status == 0
    assert amparo("backup", "backup", env=here).status == 0
    assert amparo("restore", "--drill", "backup", env=here).status == 0
    ended = amparo("worker", env=here)
    assert ended.status == 2
    assert ("is a drill" if "postgresql" in database_url else "need PostgreSQL") in ended.err


def test_what_a_backup_cannot_be_written_into_is_named(server: Server, amparo: Run) -> None:  # noqa: F811
    for folder, said in (("/proc/backup", "/proc"), ("no/where", "make or mount it")):
        ended = amparo("backup", folder, env=server.environment)
        assert ended.status == 2
        assert said in ended.err
    ended = amparo("backup", "x", "--to", "age1nobody", env=server.environment)
    assert ended.status == 2
    assert "begins with age1" in ended.err


@pytest.fixture
def filled(database_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a database with so many signals that a copy takes a moment."""
    with Database(database_url) as database:
        upgrade(database)
        with database.work() as work:
            organisation = create_organisation(work, "a platform", NOW)
            known = Lists(work).create(NewList("known"), organisation, NOW)
        some = (Signal(f"s{n}", Algorithm.PDQ, f"{n:064x}", note="x" * 200) for n in range(ROWS))
        import_signals(database, known, some, actor="t", clock=SystemClock())
    return {"AMPARO_DATABASE_URL": database_url, "AMPARO_HOME": str(tmp_path / "home")}


def killed_when(
    is_time: Callable[[], bool], arguments: list[str], environment: dict[str, str], cwd: Path
) -> bool:
    """Whether the command was killed when it was time, and had not ended before."""
    process = subprocess.Popen(
        [sys.executable, "-m", "amparo", *arguments], cwd=cwd, env=os.environ | environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    waiting = threading.Event()
    while not is_time() and process.poll() is None:
        waiting.wait(0.0005)
    process.kill()
    return process.wait() != 0


def size_of(*files: Path) -> int:
    return sum(each.stat().st_size for each in files if each.exists())


@pytest.mark.slow
def test_a_backup_that_is_killed_leaves_nothing_under_its_name(
    filled: dict[str, str], tmp_path: Path, amparo: Run
) -> None:
    half = tmp_path / "backup.partial" / "database.sqlite"
    killed = 0
    for least in (0, 1, 1_000_000, 3_000_000):
        killed += killed_when(
            lambda: half.exists() and size_of(half) >= least,  # noqa: B023
            ["backup", "backup"], filled, tmp_path,
        )  # fmt: skip
        if not (tmp_path / "backup").exists():
            continue
        shutil.rmtree(tmp_path / "backup")  # it was faster
    assert killed
    ended = amparo("backup", "backup", env=filled)
    assert ended.status == 0, ended.err
    assert not half.parent.exists()


@pytest.mark.slow
def test_a_restore_that_is_killed_has_restored_all_or_nothing(
    filled: dict[str, str], tmp_path: Path, amparo: Run
) -> None:
    url = filled["AMPARO_DATABASE_URL"]
    assert amparo("backup", "backup", env=filled).status == 0
    with Database(url) as database, database.work() as work:
        create_organisation(work, "since then", NOW)
    made = tmp_path / ("amparo.db.restoring" if "sqlite" in url else "home/amparo.db.restoring")
    stage = tmp_path / "home" / "restore.partial"
    moments: list[Callable[[], bool]] = [
        stage.exists,
        made.exists,
        lambda: size_of(made) > 1_000_000,
        lambda: size_of(Path(f"{made}-wal")) > 0,
        lambda: not made.exists() and stage.exists(),
        lambda: bool(list(tmp_path.glob("amparo.db.replaced-*"))),
    ]
    for is_time in moments:
        killed_when(is_time, ["restore", "backup", "--replace"], filled, tmp_path)
        with Database(url) as database, database.reading() as work:
            names = set(organisations(work))
            signals = sum(Lists(work).count(each) for each in Lists(work).all())
        assert names in ({"a platform"}, {"a platform", "since then"})
        assert signals == ROWS
    ended = amparo("restore", "backup", "--replace", env=filled)
    assert ended.status == 0, ended.err
    assert not stage.exists()
    assert not made.exists()
    with Database(url) as database, database.reading() as work:
        assert set(organisations(work)) == {"a platform"}


@pytest.mark.slow
def test_a_disk_that_is_full_is_named_and_nothing_is_left(
    filled: dict[str, str], tmp_path: Path, amparo: Run
) -> None:
    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "amparo", *arguments], cwd=tmp_path, env=os.environ | filled,
            preexec_fn=small_disk, capture_output=True, text=True, timeout=WAIT_S,
        )  # fmt: skip

    ended = run("backup", "backup")
    assert ended.returncode == 2
    assert re.match(r"amparo: .*cannot be (copied|written)", ended.stderr), ended.stderr
    assert not list(tmp_path.glob("backup*"))
    assert amparo("backup", "backup", env=filled).status == 0
    ended = run("restore", "backup", "--replace")
    assert ended.returncode == 2
    assert "backup cannot be restored" in ended.stderr
    with Database(filled["AMPARO_DATABASE_URL"]) as database, database.reading() as work:
        assert sum(Lists(work).count(each) for each in Lists(work).all()) == ROWS
