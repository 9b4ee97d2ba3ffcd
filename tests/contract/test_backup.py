"""What was on record is on record again, whichever database it came from and goes to."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyrage
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from amparo.access.audit.tables import EntryRow
from amparo.access.installation import installation
from amparo.app.backup import Manifest, restore, write_backup
from amparo.app.backup.manifest import DATABASE, MANIFEST, Kept
from amparo.app.backup.restore import NUMBERS_SKIPPED
from amparo.core.clock import SystemClock
from amparo.core.errors import AmparoError, Conflict, Invalid, NotFound, Unavailable
from amparo.core.ids import OrganisationId
from amparo.core.settings import Settings
from amparo.db import Database, Row
from amparo.db.migrate import _config, upgrade
from amparo.db.version import check_version
from amparo.detect.lists.model import NewList
from amparo.detect.lists.store import Lists
from amparo.detect.lists.tables import SignalRow
from tests.contract.test_lists_store import a_signal, add
from tests.databases import NOW, a_postgres_database
from tests.filled import ROWS, everything, fill

CLOCK = SystemClock()
HELD = "0198c5f0a1b27c3d8e4f5a6b7c8d9e0f.age"


@pytest.fixture(params=["sqlite", "postgres"])
def target_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of another empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/elsewhere/amparo.db"
        return
    yield from a_postgres_database(request.getfixturevalue("postgres_url"))


@pytest.fixture
def here(database: Database, database_url: str, tmp_path: Path) -> Settings:
    """The settings of the service whose database it is, with an upload that is held."""
    inbox = tmp_path / "home" / "inbox"
    inbox.mkdir(parents=True)
    (inbox / HELD).write_bytes(b"age-encryption.org/v1 and so on")
    return Settings(home=tmp_path / "home", database_url=database_url)


@pytest.fixture
def there(target_url: str, tmp_path: Path) -> Settings:
    """Of the one that a backup is restored to."""
    return Settings(home=tmp_path / "other home", database_url=target_url)


@pytest.fixture
def backup(database: Database, here: Settings, tmp_path: Path) -> Path:
    """Of a database in which every table has rows."""
    fill(database)
    folder = tmp_path / "backup"
    write_backup(here, database, folder, actor="test", clock=CLOCK)
    return folder


def restored(settings: Settings, folder: Path, **others: object) -> None:
    restore(settings, folder, actor="test", clock=CLOCK, **others)


def test_every_row_of_every_table_is_restored(
    database: Database, backup: Path, there: Settings
) -> None:
    before = everything(database)
    assert all(len(rows) >= ROWS for name, rows in before.items() if name != "installation")
    restored(there, backup)
    with Database(there.database) as copy:
        check_version(copy)
        after = everything(copy)
        with copy.reading() as work:  # its indexes and constraints too
            assert compare_metadata(MigrationContext.configure(work), Row.metadata) == []
    new = [row for row in after["audit_entries"] if row not in before["audit_entries"]]
    assert {row[4] for row in new} == {"backup.restore"}
    after["audit_entries"] = [row for row in after["audit_entries"] if row not in new]
    for ended in ("sessions", "invitations"):  # everybody signs in anew
        assert before.pop(ended)
        assert after.pop(ended) == []
    ((was, *_),) = before.pop("installation")
    ((is_now, *_),) = after.pop("installation")
    assert is_now == was
    assert after == before
    assert (there.home / "inbox" / HELD).read_bytes() == b"age-encryption.org/v1 and so on"


def test_the_manifest_counts_all_tables_there_are(backup: Path) -> None:
    about = Manifest.read((backup / MANIFEST).read_bytes())
    assert set(about.tables) == set(Row.metadata.tables)


def test_a_number_that_was_ever_given_is_not_given_again(
    database: Database, organisation: OrganisationId, here: Settings, there: Settings,
    tmp_path: Path,
) -> None:  # fmt: skip
    with database.work() as work:
        known = Lists(work).create(NewList("known"), organisation, NOW)
        Lists(work).create(NewList("gone"), organisation, NOW)
        work.execute(text("DELETE FROM lists WHERE name = 'gone'"))
    _, numbers = add(database, known, [a_signal(1), a_signal(2)])
    write_backup(here, database, tmp_path / "backup", actor="test", clock=CLOCK)
    restored(there, tmp_path / "backup")
    with Database(there.database) as copy:
        with copy.work() as work:
            new = Lists(work).create(NewList("new"), organisation, NOW)
        _, later = add(copy, new, [a_signal(3)])
    assert new.number == known.number + 2
    assert later[0] == numbers[-1] + NUMBERS_SKIPPED + 1


def test_what_is_not_empty_is_left_alone_unless_it_is_to_be_replaced(
    database: Database, backup: Path, there: Settings
) -> None:
    with Database(there.database) as copy:
        upgrade(copy)
        fill(copy)
        before = everything(copy)
    with pytest.raises(Conflict, match="--replace"):
        restored(there, backup)
    with Database(there.database) as copy:
        assert everything(copy) == before
    restored(there, backup, replace=True)
    with Database(there.database) as copy:
        assert everything(copy)["people"] == everything(database)["people"] != before["people"]
    if there.database.startswith("sqlite"):
        (kept,) = (there.home.parent / "elsewhere").glob("amparo.db.replaced-*")
        with Database(f"sqlite:///{kept}") as old:
            assert everything(old) == before


def test_an_empty_database_need_not_be_replaced(backup: Path, there: Settings) -> None:
    with Database(there.database) as copy:
        upgrade(copy)
    restored(there, backup)


def test_a_database_that_is_in_use_is_left_alone(backup: Path, there: Settings) -> None:
    with Database(there.database) as copy:
        upgrade(copy)
        with copy.reading() as work:
            work.execute(select(SignalRow.number)).all()
            with pytest.raises(Conflict, match="amparo serve"):
                restored(there, backup)


def test_a_damaged_sqlite_database_is_replaced(
    database: Database, backup: Path, tmp_path: Path
) -> None:
    file = tmp_path / "damaged.db"
    file.write_bytes(b"not a database, though it was one" * 1000)
    there = Settings(home=tmp_path / "other home", database_url=f"sqlite:///{file}")
    with pytest.raises(Conflict, match="--replace"):
        restored(there, backup)
    restored(there, backup, replace=True)
    with Database(there.database) as copy:
        assert everything(copy)["people"] == everything(database)["people"]


def nothing_restored(settings: Settings, folder: Path, kind: type[AmparoError], said: str) -> None:
    """It is refused with these words, and nothing is there afterwards."""
    with pytest.raises(kind, match=said):
        restored(settings, folder)
    if settings.database.startswith("sqlite"):
        assert not (settings.home.parent / "elsewhere" / "amparo.db").exists()
    else:
        with Database(settings.database) as copy, pytest.raises(Unavailable):
            check_version(copy)
    assert not list(settings.home.rglob("*.age"))
    assert not list(settings.home.rglob("*partial*"))


@pytest.mark.parametrize("file", [DATABASE, MANIFEST, "settings.toml", f"held/{HELD}"])
def test_a_byte_that_is_wrong_is_found_before_anything_is_changed(
    backup: Path, there: Settings, file: str
) -> None:
    name = file.removeprefix("held/")
    data = bytearray((backup / file).read_bytes())
    data[len(data) // 2] ^= 1
    (backup / file).write_bytes(data)
    nothing_restored(there, backup, Invalid, name)
    (backup / file).write_bytes(data[: len(data) // 2])
    nothing_restored(there, backup, Invalid, name)
    (backup / file).unlink()
    nothing_restored(there, backup, Invalid, name)


def test_every_single_byte_of_the_manifest_counts(backup: Path) -> None:
    data = (backup / MANIFEST).read_bytes()
    for place in range(len(data)):
        wrong = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(Invalid):
            Manifest.read(wrong)


def rewritten(backup: Path, **others: object) -> None:
    about = Manifest.read((backup / MANIFEST).read_bytes())
    (backup / MANIFEST).write_bytes(replace(about, **others).written())


def test_another_format_and_a_newer_version_are_named(backup: Path, there: Settings) -> None:
    rewritten(backup, migration="9999", amparo="99.0")
    nothing_restored(there, backup, Unavailable, "made by Amparo 99.0, which is newer")
    rewritten(backup, format=2)
    nothing_restored(there, backup, Invalid, "format 2")


def test_what_is_no_backup_is_called_so(there: Settings, tmp_path: Path) -> None:
    nothing_restored(there, tmp_path / "nowhere", NotFound, "no folder")
    (tmp_path / "foreign").mkdir()
    nothing_restored(there, tmp_path / "foreign", Invalid, "no backup")
    (tmp_path / "foreign" / MANIFEST).write_text('{"format": "of somebody else"}')
    nothing_restored(there, tmp_path / "foreign", Invalid, "none that Amparo has written")


def test_a_name_that_leads_out_of_the_folder_is_not_followed(backup: Path, there: Settings) -> None:
    about = Manifest.read((backup / MANIFEST).read_bytes())
    rewritten(backup, files=(*about.files, Kept("held/../../../out", 1, "0")))
    nothing_restored(there, backup, Invalid, "none that Amparo has written")


def test_a_backup_of_an_older_version_is_brought_forward(there: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    with Database(f"sqlite:///{folder}/{DATABASE}") as old, old.work() as work:
        config = _config()
        config.attributes |= {"connection": work, "metadata": Row.metadata}
        command.upgrade(config, "0005")
        work.execute(
            text("INSERT INTO organisations VALUES (:id, 'old', '2026-01-01 00:00:00.000000')"),
            {"id": "0" * 32},
        )
    with closing(sqlite3.connect(folder / DATABASE)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE").fetchall()
    from amparo.app.backup.carry import digest_of
    from amparo.db.sqlite_files import counts

    about = Manifest(
        "0.0.1", "0005", NOW, "sqlite", "", 0, "", {}, counts(folder / DATABASE),
        (digest_of(folder / DATABASE, DATABASE),),
    )  # fmt: skip
    (folder / MANIFEST).write_bytes(about.written())
    restored(there, folder)
    with Database(there.database) as copy:
        check_version(copy)
        with copy.reading() as work:
            assert installation(work).restored_from == NOW
            assert work.execute(text("SELECT name FROM organisations")).scalar_one() == "old"


def test_one_that_is_encrypted_opens_with_its_identity_alone(
    database: Database, here: Settings, there: Settings, tmp_path: Path
) -> None:
    fill(database)
    folder, identity = tmp_path / "backup", pyrage.x25519.Identity.generate()
    write_backup(
        here, database, folder, actor="test", clock=CLOCK, recipients=[identity.to_public()]
    )
    stored = [each for each in folder.rglob("*") if each.is_file()]
    assert all(each.read_bytes().startswith(b"age-encryption.org/v1\n") for each in stored)
    assert not list(here.home.rglob("*.sqlite"))
    nothing_restored(there, folder, Invalid, "--identity")
    with pytest.raises(Invalid, match="cannot be decrypted"):
        restored(there, folder, identities=[pyrage.x25519.Identity.generate()])
    restored(there, folder, identities=[identity])
    with Database(there.database) as copy:
        assert everything(copy)["people"] == everything(database)["people"]


def test_a_folder_that_holds_something_is_not_written_into(
    database: Database, here: Settings, backup: Path, tmp_path: Path
) -> None:
    with pytest.raises(Conflict, match="is there already"):
        write_backup(here, database, backup, actor="test", clock=CLOCK)
    with pytest.raises(Unavailable, match="make or mount it"):
        write_backup(here, database, tmp_path / "no" / "where", actor="test", clock=CLOCK)
    (tmp_path / "empty").mkdir()
    write_backup(here, database, tmp_path / "empty", actor="test", clock=CLOCK)


def test_what_a_killed_one_has_left_is_replaced(
    database: Database, here: Settings, tmp_path: Path
) -> None:
    left = tmp_path / "backup.partial"
    (left / "held").mkdir(parents=True)
    (left / DATABASE).write_bytes(b"half of it")
    write_backup(here, database, tmp_path / "backup", actor="test", clock=CLOCK)
    assert not left.exists()


def test_a_held_upload_that_cannot_be_read_is_named(
    database: Database, here: Settings, tmp_path: Path
) -> None:
    unreadable = here.home / "inbox" / HELD.replace("0198", "0199")
    unreadable.mkdir()  # also for root
    written = write_backup(here, database, tmp_path / "backup", actor="test", clock=CLOCK)
    assert written.manifest.unread == (unreadable.name,)
    assert (tmp_path / "backup" / "held" / HELD).is_file()


def test_held_uploads_are_copied_once_the_database_was(backup: Path) -> None:
    """What the copied database names was held before, so that a file of it is there to copy."""
    database, held = (backup / DATABASE).stat(), (backup / "held" / HELD).stat()
    assert database.st_mtime_ns < held.st_mtime_ns


def test_held_uploads_of_other_hosts_are_counted(
    database: Database, here: Settings, backup: Path
) -> None:
    about = Manifest.read((backup / MANIFEST).read_bytes())
    assert about.elsewhere == 2  # the names that `fill` has made up
    assert about.unread == ()


def test_both_are_in_the_audit_trail_and_the_installation_knows(
    database: Database, organisation: OrganisationId, here: Settings, there: Settings,
    tmp_path: Path,
) -> None:  # fmt: skip
    write_backup(here, database, tmp_path / "b", actor="operator:ana", clock=CLOCK)
    with database.reading() as work:
        before = installation(work)
    assert before.backed_up_at is not None
    restored(there, tmp_path / "b")
    with Database(there.database) as copy, copy.reading() as work:
        after = installation(work)
        entries = work.execute(
            select(EntryRow.action, EntryRow.subject).order_by(EntryRow.id)
        ).all()
    assert [tuple(each) for each in entries] == [
        ("backup.write", "backup:b"),
        ("backup.restore", f"installation:{before.id}"),
    ]
    assert after.id == before.id
    assert after.epoch != before.epoch
    assert after.restored_from == before.backed_up_at == after.backed_up_at
    assert json.loads((tmp_path / "b" / MANIFEST).read_text().splitlines()[0])["amparo"]
