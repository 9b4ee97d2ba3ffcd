"""A backup that is encrypted passes through AMPARO_HOME: one at a time, and where there is room."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from amparo.app.backup import write_backup
from amparo.core.clock import SystemClock
from amparo.core.errors import Conflict, Unavailable
from amparo.core.settings import Settings
from amparo.db import Database
from tests.databases import a_postgres_database

CLOCK = SystemClock()
TO = [pyrage.x25519.Identity.generate().to_public()]


@pytest.fixture
def on_postgres(postgres_url: str, postgres_with_tables: str, tmp_path: Path) -> Iterator[Settings]:
    """Of a database whose copying tells how far it is after each table."""
    for url in a_postgres_database(postgres_url, postgres_with_tables):
        yield Settings(home=tmp_path / "home", database_url=url)


def test_a_second_one_at_the_same_time_is_refused_and_the_first_is_whole(
    on_postgres: Settings, tmp_path: Path
) -> None:
    refused = []

    def meanwhile(_: float) -> None:
        if refused:
            return
        with pytest.raises(Conflict, match="Another encrypted backup") as caught:
            write_backup(
                on_postgres, database, tmp_path / "second", actor="t", clock=CLOCK, recipients=TO
            )
        refused.append(caught.value.message)

    with Database(on_postgres.database) as database:
        first = write_backup(
            on_postgres, database, tmp_path / "first", actor="t", clock=CLOCK, recipients=TO,
            advance=meanwhile,
        )  # fmt: skip
        assert str(on_postgres.home) in refused[0]
        assert [each.name for each in tmp_path.glob("*") if each.name != "home"] == ["first"]
        assert first.folder == tmp_path / "first"
        write_backup(
            on_postgres, database, tmp_path / "third", actor="t", clock=CLOCK, recipients=TO
        )
    assert list(on_postgres.home.iterdir()) == []


def test_what_a_killed_one_has_left_in_the_home_is_removed(
    on_postgres: Settings, tmp_path: Path
) -> None:
    left = on_postgres.home / "backup.partial"
    left.mkdir(parents=True)
    (left / "database.sqlite").write_bytes(b"half of it")
    with Database(on_postgres.database) as database:
        write_backup(on_postgres, database, tmp_path / "b", actor="t", clock=CLOCK, recipients=TO)
    assert not left.exists()


def test_room_for_the_copy_in_the_home_is_asked_for_too(
    sqlite_with_tables: Path, tmp_path: Path
) -> None:
    """Once, the file would fit; not the copy and its encrypted form beside each other."""
    here = Settings(home=tmp_path / "home", database_url=f"sqlite:///{tmp_path}/amparo.db")
    here.home.mkdir()
    shutil.copy(sqlite_with_tables, tmp_path / "amparo.db")
    with Database(here.database) as database:
        os.truncate(tmp_path / "amparo.db", shutil.disk_usage(tmp_path).free * 3 // 4)
        with pytest.raises(Unavailable, match=f"are free in {here.home}"):
            write_backup(here, database, tmp_path / "b", actor="t", clock=CLOCK, recipients=TO)
    assert not list(tmp_path.glob("b*"))
