"""Whatever is killed in the middle of uploads, a platform is told of each decision under one id."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from amparo.db import Database
from amparo.db.migrate import upgrade
from amparo.detect.deciding.tables import DecisionRow
from amparo.testing.receiver import Receiver, receiver
from tests.databases import OwnPostgres
from tests.journeys.test_faults import UPLOADS, Told, all_uploads, client_of, start_knowing
from tests.journeys.test_serve import Server, start

pytestmark = pytest.mark.slow

HOSTS = {"AMPARO_WEBHOOK_HOSTS": '["127.0.0.1"]'}


@pytest.fixture
def there(socket_enabled: None) -> Iterator[Receiver]:
    with receiver() as state:
        yield state


def have_told(server: Server, there: Receiver) -> None:
    wanted = {"url": there.url, "events": ["media.decided"]}
    with client_of(server) as client:
        assert client.post("/v1/webhooks", json=wanted).status_code == 201


def start_again(server: Server) -> subprocess.Popen[str]:
    home = Path(server.environment["AMPARO_HOME"])
    log = home.parent / "log-again"
    process, _ = start(home, "--port", str(server.port), environment=server.environment, log=log)
    return process


def check(server: Server, there: Receiver) -> None:
    """Each decision that is on record is told, under one id, and no other."""
    with (
        Database(server.environment["AMPARO_DATABASE_URL"]) as database,
        database.reading() as work,
    ):
        decided = set(work.execute(select(DecisionRow.id)).scalars())
    events = there.wait_for_events(len(decided), 120)
    ids = {UUID(each["data"]["decision_id"]): set() for each in events}  # type: ignore[var-annotated]
    for each in events:
        ids[UUID(each["data"]["decision_id"])].add(each["id"])
    assert set(ids) == decided
    assert all(len(each) == 1 for each in ids.values())
    assert len({each["id"] for each in events}) == len(decided)


def test_a_server_killed_three_times_tells_all(
    tmp_path: Path, there: Receiver, socket_enabled: None
) -> None:
    home = tmp_path / "home"
    server = start_knowing(home, f"sqlite:///{home}/amparo.db", HOSTS)
    have_told(server, there)
    for _ in range(3):
        told = Told()
        uploading = threading.Thread(target=all_uploads, args=(server, told))
        uploading.start()
        assert told.some.wait(120)
        server.process.kill()
        uploading.join()
        server.process.communicate()
        server.process = start_again(server)
    check(server, there)
    server.process.kill()
    server.process.communicate()


def test_workers_killed_in_turn_on_postgresql_tell_all(
    tmp_path: Path, own_postgres: OwnPostgres, there: Receiver, socket_enabled: None
) -> None:
    with Database(own_postgres.url) as database:
        upgrade(database)
    with ExitStack() as stack:
        server = start_knowing(tmp_path / "home", own_postgres.url, HOSTS)
        stack.callback(server.process.communicate)
        stack.callback(server.process.kill)
        have_told(server, there)
        told = Told()
        uploading = threading.Thread(target=all_uploads, args=(server, told))
        uploading.start()
        for _ in range(3):
            before = len(there.messages)
            worker = started_worker(server, tmp_path)
            there.wait_for(before + 5)
            worker.kill()
            worker.communicate()
        uploading.join()
        assert sum(answer is not None for answer in told.answers.values()) == UPLOADS
        check(server, there)


def started_worker(server: Server, folder: Path) -> subprocess.Popen[str]:
    """A further worker at work."""
    home = Path(server.environment["AMPARO_HOME"])
    shared = {
        "AMPARO_HOME": str(folder / "further"),
        "AMPARO_ACCESS_KEY_FILE": str(home / "access-key.txt"),
    }
    with (folder / "log-worker").open("a") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "amparo", "worker"],
            env=os.environ | server.environment | shared,
            stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    assert worker.stdout is not None
    assert worker.stdout.readline().startswith("At work")
    return worker
