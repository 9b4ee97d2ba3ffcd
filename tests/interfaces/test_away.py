"""While the database is away: look-ups go on from the last good state, nothing else pretends to."""

from pathlib import Path

from amparo.db import Database
from amparo.db.migrate import upgrade
from amparo.detect.media.sandbox import Sandbox
from tests.databases import OwnPostgres
from tests.interfaces.conftest import Platform, serving_platform


def test_look_ups_go_on_and_uploads_are_told_to_come_again(
    own_postgres: OwnPostgres, tmp_path: Path, sandbox: Sandbox
) -> None:
    url = own_postgres.url
    with Database(url) as database:
        upgrade(database)
    for platform in serving_platform(url, tmp_path, sandbox):
        platform.make_list()
        platform.add({"algorithm": "md5", "value": "0" * 32})
        own_postgres.kill()
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
