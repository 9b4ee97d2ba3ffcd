"""What is restored as a drill replaces nothing, knows what it is, and says how to go on."""

from pathlib import Path

import pytest
from alembic import command
from click.testing import CliRunner
from sqlalchemy import select, text
from sqlalchemy.engine import make_url

from amparo.access.audit.tables import EntryRow
from amparo.access.installation import installation, is_drill
from amparo.access.keys import create_organisation
from amparo.access.model import Actor, Scope
from amparo.access.solo import Solo
from amparo.app.backup import restore, write_backup
from amparo.app.check_up import findings
from amparo.app.solo import switch_on
from amparo.app.workflows import durable_work
from amparo.core.clock import SystemClock
from amparo.core.errors import Conflict, Invalid
from amparo.core.ids import OrganisationId
from amparo.core.settings import Settings
from amparo.db import Database, Row
from amparo.db.migrate import _config, upgrade
from amparo.db.version import check_version
from amparo.interfaces.cli.restore import command as restore_command
from tests.contract.test_backup import target_url  # noqa: F401 (a fixture)
from tests.databases import NOW, a_postgres_database

CLOCK = SystemClock()


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Of an installation with an organisation, and nothing else."""
    here = Settings(home=tmp_path / "home", database_url="")
    here.home.mkdir()
    with Database(here.database) as database:
        upgrade(database)
        with database.work() as work:
            create_organisation(work, "a platform", NOW)
        write_backup(here, database, tmp_path / "backup", actor="test", clock=CLOCK)
    return tmp_path / "backup"


@pytest.fixture
def there(database_url: str, tmp_path: Path) -> Settings:
    """Of the one that a backup is restored to."""
    return Settings(home=tmp_path / "drill", database_url=database_url)


def restored(settings: Settings, folder: Path, **others: bool) -> None:
    restore(settings, folder, actor="test", clock=CLOCK, **others)


def said_on_record(database: Database) -> list[object]:
    """Of each restore, whether it was a drill."""
    with database.reading() as work:
        details = work.execute(
            select(EntryRow.detail).where(EntryRow.action == "backup.restore").order_by(EntryRow.id)
        ).scalars()
        return [each["drill"] for each in details]


def test_it_is_on_record_that_it_is_one_and_what_it_is_of(backup: Path, there: Settings) -> None:
    restored(there, backup, drill=True)
    with Database(there.database) as copy:
        with copy.reading() as work:
            assert is_drill(work)
            assert installation(work).is_drill
        assert said_on_record(copy) == [True]


def test_any_other_is_none_also_where_it_is_made_from_a_drills_backup(
    backup: Path, there: Settings, target_url: str, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    restored(there, backup, drill=True)
    with Database(there.database) as copy:
        write_backup(there, copy, tmp_path / "its own", actor="test", clock=CLOCK)
    elsewhere = Settings(home=tmp_path / "elsewhere", database_url=target_url)
    restored(elsewhere, tmp_path / "its own")
    with Database(elsewhere.database) as copy:
        assert said_on_record(copy) == [True, False]
        with copy.reading() as work:
            assert not is_drill(work)


def test_a_database_that_is_not_empty_is_named_and_left_alone(
    backup: Path, there: Settings
) -> None:
    with Database(there.database) as database:
        upgrade(database)
        with database.work() as work:
            create_organisation(work, "somebody else", NOW)
    place = make_url(there.database).database
    assert place
    with pytest.raises(Conflict) as refused:
        restored(there, backup, drill=True)
    assert place in refused.value.message
    assert "with AMPARO_DATABASE_URL, or another AMPARO_HOME" in refused.value.message
    assert "--replace" not in refused.value.message
    with pytest.raises(Conflict, match="--replace") as refused:
        restored(there, backup)
    assert place in refused.value.message
    with pytest.raises(Invalid, match="never replaces"):
        restored(there, backup, drill=True, replace=True)
    with Database(there.database) as database, database.reading() as work:
        assert work.execute(text("SELECT name FROM organisations")).scalars().all() == [
            "somebody else"
        ]


def test_the_databases_passwords_are_not_shown(
    backup: Path, tmp_path: Path, postgres_url: str
) -> None:
    """Neither the one in its place nor the ones among the options."""
    for plain in a_postgres_database(postgres_url):
        here = make_url(plain).set(password="cobalt-heron")
        here = here.update_query_dict({"sslpassword": "umber-lynx"})
        url = here.render_as_string(hide_password=False)
        with Database(url) as database:
            upgrade(database)
            with database.work() as work:
                create_organisation(work, "somebody else", NOW)
        with pytest.raises(Conflict) as refused:
            restored(Settings(home=tmp_path / "drill", database_url=url), backup, drill=True)
    assert f"postgres:***@/{here.database}" in refused.value.message
    assert "cobalt-heron" not in refused.value.message
    assert "umber-lynx" not in refused.value.message


@pytest.mark.parametrize("name", ["inbox", "hosts", "work.db"])
def test_a_folder_that_a_service_uses_is_left_alone(
    backup: Path, there: Settings, name: str
) -> None:
    """Even where the database is another: held uploads would come among its own."""
    (there.home / name).mkdir(parents=True)
    (there.home / name / "something").touch()
    with pytest.raises(Conflict, match=f"{there.home / name}.*with AMPARO_HOME"):
        restored(there, backup, drill=True)
    assert [each.name for each in there.home.rglob("*")] == [name, "something"]


def test_a_drill_and_a_replacement_exclude_each_other(backup: Path) -> None:
    ended = CliRunner().invoke(restore_command, [str(backup), "--drill", "--replace"])
    assert ended.exit_code == 2
    assert "exclude each other: a drill never replaces anything" in ended.output


def test_nothing_that_sends_begins_in_a_drill(backup: Path, there: Settings) -> None:
    restored(there, backup, drill=True)
    with Database(there.database) as copy:
        with pytest.raises(Conflict, match="is a drill"), durable_work(copy, there, CLOCK):
            pass
        with copy.reading() as work:
            organisation = work.execute(text("SELECT id FROM organisations")).scalar_one()
        ana = Actor(OrganisationId(organisation), "person:ana", frozenset(Scope))
        mail = there.model_copy(update={"mail_server": "127.0.0.1:1", "mail_from": "a@b.example"})
        with pytest.raises(Conflict, match="is a drill"):
            switch_on(copy, Solo(24, "ana.private@example.net"), mail, ana, CLOCK)


def test_the_check_up_says_that_it_is_one_and_is_to_be_removed(
    backup: Path, there: Settings
) -> None:
    def advice() -> list[str]:
        with Database(there.database) as copy:
            return [each for each in findings(there, copy, CLOCK) if "drill" in each]

    restored(there, backup, drill=True)
    (said,) = advice()
    assert f"restored from the backup of {NOW:%Y-%m-%d}" in said
    assert "tells nobody" in said
    assert said.endswith("its keys first.")
    restored(there, backup, replace=True)
    assert advice() == []


def test_a_database_of_before_there_were_drills_is_none(database_url: str) -> None:
    with Database(database_url) as old:
        with old.work() as work:
            config = _config()
            config.attributes |= {"connection": work, "metadata": Row.metadata}
            command.upgrade(config, "0009")
        upgrade(old)
        check_version(old)
        with old.reading() as work:
            assert not is_drill(work)
