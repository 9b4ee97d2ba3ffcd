"""A server that stops sends away what still decodes, and decides nothing by it."""

from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from amparo.app.sandbox import PRELOAD, limits_of
from amparo.db import Database
from amparo.detect.deciding.tables import DecisionRow
from amparo.detect.media.sandbox import Sandbox
from amparo.testing.clips import film, panned
from tests.conftest import small_settings
from tests.interfaces.conftest import serving_platform


def open_sandbox() -> Sandbox:
    return Sandbox(limits_of(small_settings()), processes=1, preload=PRELOAD)


def test_an_upload_that_a_stop_cuts_off_may_come_again(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    data = film(list(panned(2, a_second=4, width=96, height=72)), a_second=4)
    headers = {"Idempotency-Key": "once"}
    serve = contextmanager(serving_platform)
    with open_sandbox() as sandbox, serve(database_url, tmp_path, sandbox) as platform:
        key = platform.key
        platform.serving.hasher.stop()
        answer = platform.http.post("/v1/media", content=data, headers=headers)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        with database.reading() as work:
            assert work.execute(select(func.count(DecisionRow.id))).scalar_one() == 0
    with open_sandbox() as sandbox, serve(database_url, tmp_path, sandbox, key=key) as platform:
        again = platform.http.post("/v1/media", content=data, headers=headers)
        assert again.status_code == 200
        assert again.json()["problem"] == ""
