"""A migrated database has the tables that the code knows, and says so where it has not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import amparo.app.tables
from amparo.core.errors import Unavailable
from amparo.db import Database, Row
from amparo.db.migrate import upgrade
from amparo.db.version import MIGRATIONS, check_version, newest

assert amparo.app.tables  # which knows all of them


def test_upgrades_that_are_run_at_once_come_one_after_another(database_url: str) -> None:
    hosts = [
        subprocess.Popen(
            [sys.executable, "-m", "amparo", "db", "upgrade"],
            env=os.environ | {"AMPARO_DATABASE_URL": database_url},
            stderr=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    said = [host.communicate(timeout=120)[1] for host in hosts]
    assert [host.returncode for host in hosts] == [0, 0, 0, 0], said
    with Database(database_url) as database:
        check_version(database)


def test_the_tables_are_those_of_the_code(database: Database) -> None:
    with database.reading() as work:
        context = MigrationContext.configure(work, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []


def test_the_newest_is_the_last_one_that_an_upgrade_runs() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == newest()


def test_upgrading_again_changes_nothing(database: Database) -> None:
    upgrade(database)
    check_version(database)


def test_an_empty_database_is_told_what_to_do(database_url: str) -> None:
    with Database(database_url) as empty, pytest.raises(Unavailable, match="amparo db upgrade"):
        check_version(empty)


def test_a_newer_one_is_left_alone(database: Database) -> None:
    with database.work() as work:
        work.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable, match="newer version"):
        check_version(database)


def test_nobody_else_on_the_machine_may_read_the_database(tmp_path: Path) -> None:
    file = tmp_path / "amparo.db"
    with Database(f"sqlite:///{file}") as database, database.work():
        assert [each.stat().st_mode & 0o077 for each in tmp_path.iterdir()] != []
        assert all(each.stat().st_mode & 0o077 == 0 for each in tmp_path.iterdir())
