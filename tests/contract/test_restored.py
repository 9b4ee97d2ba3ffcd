"""After a restore nobody goes on from a past that is gone: index, audit trail, keys."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from amparo.access.audit.seal import Sealer
from amparo.access.audit.verify import TamperedError, verify
from amparo.access.installation import KeyName, installation
from amparo.app.backup import Restored, restore, write_backup
from amparo.app.backup.keys_at_hand import AtHand
from amparo.app.kept_keys import forget_key, make_or_find_keys
from amparo.core.clock import SystemClock
from amparo.core.errors import Conflict, Unavailable
from amparo.core.ids import OrganisationId, new_id
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.detect.lists.model import ListKind, NewList
from amparo.detect.lists.store import Lists
from amparo.detect.matching.host import Follower, HostIndex
from amparo.programs.serve.host import looked_after
from amparo.respond.webhooks.model import State
from amparo.respond.webhooks.store import Webhooks, forget_deliveries
from tests.contract.test_audit import KEY, PUBLIC, write
from tests.contract.test_follower import found
from tests.contract.test_forged_restores import cut_off
from tests.contract.test_lists_store import a_signal, add
from tests.contract.test_webhooks import KEY as WEBHOOKS_KEY
from tests.databases import NOW

CLOCK = SystemClock()


class Earlier:
    """Two minutes behind: longer than clocks of hosts may differ."""

    def now(self) -> datetime:
        return CLOCK.now() - timedelta(minutes=2)


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", database_url=database_url)


def go_back(settings: Settings, database: Database, folder: Path) -> Restored:
    """Restore it in its own place."""
    database.engine.dispose()  # as when the service is stopped
    return restore(settings, folder, actor="test", clock=CLOCK, replace=True)


def test_a_host_that_was_off_meanwhile_finds_what_the_database_holds(
    database: Database, organisation: OrganisationId, here: Settings, tmp_path: Path
) -> None:
    with database.work() as work:
        known = Lists(work).create(NewList("known", ListKind.CONFIRMED), organisation, NOW)
    for number in (1, 2, 3):
        add(database, known, [a_signal(number)])
    write_backup(here, database, tmp_path / "backup", actor="test", clock=CLOCK)
    for number in (4, 5):
        add(database, known, [a_signal(number)])
    with Follower(database, tmp_path / "further host") as follower:
        follower.step()
    index = HostIndex(tmp_path / "further host")
    assert found(index, known, *range(9)) == {"s1", "s2", "s3", "s4", "s5"}
    go_back(here, database, tmp_path / "backup")
    for number in (6, 7):
        add(database, known, [a_signal(number)])
    with Follower(database, tmp_path / "further host") as follower:
        follower.step()
    assert HostIndex(tmp_path / "further host").revisions() == {known.number: 5}
    assert found(index, known, *range(9)) == {"s1", "s2", "s3", "s6", "s7"}
    index.close()


def test_what_a_restore_has_lost_is_forgiven_to_whoever_made_it_and_nothing_else(
    database: Database, organisation: OrganisationId, here: Settings, tmp_path: Path
) -> None:
    witness = tmp_path / "witness"

    def seal(*actions: str) -> None:
        write(database, organisation, *actions)
        Sealer(database, KEY, CLOCK, witness=witness).step()

    seal("a", "b")
    write_backup(here, database, tmp_path / "backup", actor="test", clock=CLOCK)
    seal("c")
    seal("d", "e")
    assert verify(database, PUBLIC, witness=witness).lost == ()
    made = go_back(here, database, tmp_path / "backup").epoch
    with pytest.raises(TamperedError, match=f"The restore {made} is not sealed yet"):
        verify(database, PUBLIC, witness=witness, restored=[made])
    seal("f")
    seal("g")
    with pytest.raises(TamperedError, match=rf"If you made that restore.*--restored {made}"):
        verify(database, PUBLIC, witness=witness)
    wrong = new_id()
    with pytest.raises(TamperedError, match=r"3 entries after entry 3.*If you made"):
        verify(database, PUBLIC, witness=witness, restored=[wrong])
    with pytest.raises(TamperedError, match=f"No restore {wrong} is on record"):
        verify(database, PUBLIC, witness=witness, restored=[made, wrong])
    told = verify(database, PUBLIC, witness=witness, restored=[made])
    assert told.entries == 6
    assert f"3 entries after entry 3 were lost by the restore {made}" in str(told.lost[0])
    assert "with 2 sealed entries" in str(told.lost[0])
    assert verify(database, PUBLIC).lost == ()
    cut_off(database, 5)
    with pytest.raises(TamperedError, match=f"The restore {made} does not explain that"):
        verify(database, PUBLIC, witness=witness, restored=[made])


def test_each_of_several_restores_must_be_said_to_be_made(
    database: Database, organisation: OrganisationId, here: Settings, tmp_path: Path
) -> None:
    witness = tmp_path / "witness"
    made = []
    for number in (1, 2):
        write(database, organisation, "a")
        Sealer(database, KEY, CLOCK, witness=witness).step()
        folder = tmp_path / str(number)
        write_backup(here, database, folder, actor="test", clock=CLOCK)
        write(database, organisation, "b", "c")
        Sealer(database, KEY, CLOCK, witness=witness).step()
        made.append(go_back(here, database, folder).epoch)
    Sealer(database, KEY, CLOCK, witness=witness).step()
    for said, other in (made, reversed(made)):
        with pytest.raises(TamperedError, match=f"--restored {other}") as raised:
            verify(database, PUBLIC, witness=witness, restored=[said])
        assert f"--restored {said}" not in raised.value.message
    assert len(verify(database, PUBLIC, witness=witness, restored=made).lost) == 2


def test_what_was_cut_off_before_the_backup_is_not_forgiven(
    database: Database, organisation: OrganisationId, here: Settings, tmp_path: Path
) -> None:
    """Neither where it was cut before the backup was made, nor where that was cut once more."""
    witness = tmp_path / "witness"
    for actions in ("ab", "cd"):
        write(database, organisation, *actions)
        Sealer(database, KEY, Earlier(), witness=witness).step()
    cut_off(database, 2)
    write_backup(here, database, tmp_path / "backup", actor="test", clock=CLOCK)
    made = go_back(here, database, tmp_path / "backup").epoch
    for more in ("", "efgh"):
        write(database, organisation, *more)
        Sealer(database, KEY, CLOCK).step()
        with pytest.raises(TamperedError, match="entry 4"):
            verify(database, PUBLIC, witness=witness, restored=[made])
    cut_off(database, 2)
    with pytest.raises(TamperedError, match=rf"knows of entry 4.*No restore {made}"):
        verify(database, PUBLIC, witness=witness, restored=[made])


def test_a_cut_is_not_forgiven_by_a_later_restore(
    database: Database, organisation: OrganisationId, here: Settings, tmp_path: Path
) -> None:
    """A true one, which somebody says to have made, and that began behind what was cut off."""
    witness = tmp_path / "witness"
    for actions in ("ab", "cdefgh"):
        write(database, organisation, *actions)
        Sealer(database, KEY, CLOCK, witness=witness).step()
    cut_off(database, 2)
    write(database, organisation, "x")
    Sealer(database, KEY, CLOCK).step()  # the witness hears nothing of it
    write_backup(here, database, tmp_path / "backup", actor="test", clock=CLOCK)
    made = go_back(here, database, tmp_path / "backup").epoch
    write(database, organisation, "y")
    Sealer(database, KEY, CLOCK).step()
    with pytest.raises(TamperedError, match="knows of entry 8"):
        verify(database, PUBLIC, witness=witness, restored=[made])


def test_durable_work_of_the_past_is_forgotten(
    database: Database, organisation: OrganisationId, here: Settings, tmp_path: Path
) -> None:
    """What DBOS knows as done was done in a past that is gone; the rows say what is to be done."""
    write_backup(here, database, tmp_path / "backup", actor="test", clock=CLOCK)
    here.home.mkdir(exist_ok=True)
    for end in ("", "-wal", "-shm"):
        (here.home / f"work.db{end}").touch()
    is_postgres = database.engine.dialect.name == "postgresql"
    if is_postgres:
        with database.work() as work:
            work.execute(text("CREATE SCHEMA dbos CREATE TABLE workflow_status (id text)"))
    go_back(here, database, tmp_path / "backup")
    assert not list(here.home.glob("work.db*"))
    if is_postgres:
        with database.reading() as work:
            schemas = set(work.execute(text("SELECT nspname FROM pg_namespace")).scalars())
        assert "dbos" not in schemas


def test_what_waited_to_be_told_is_tried_at_once_however_old_the_backup_is(
    database: Database, organisation: OrganisationId, here: Settings, tmp_path: Path
) -> None:
    with database.work() as work:
        hooks = Webhooks(work, organisation)
        webhook, _ = hooks.add("https://example.org/", [], WEBHOOKS_KEY, NOW)
        hooks.test(webhook.id, CLOCK.now() - timedelta(days=40))
    write_backup(here, database, tmp_path / "backup", actor="test", clock=CLOCK)
    go_back(here, database, tmp_path / "backup")
    with database.work() as work:
        forget_deliveries(work, CLOCK.now())
        (waiting,) = Webhooks(work, organisation).deliveries(
            webhook.id, State.WAITING, after=None, limit=9
        )
        assert waiting.next_at > CLOCK.now() - timedelta(hours=1)


@pytest.fixture
def backup(
    database: Database, organisation: OrganisationId, here: Settings, tmp_path: Path
) -> Path:
    """Of an installation with its keys and one checkpoint."""
    with looked_after(here, CLOCK, lambda _: None):
        pass
    write_backup(here, database, tmp_path / "backup", actor="test", clock=CLOCK)
    return tmp_path / "backup"


def at_hand(settings: Settings, database: Database, backup: Path) -> dict[KeyName, AtHand]:
    database.engine.dispose()
    made = restore(settings, backup, actor="test", clock=CLOCK, replace=True)
    return made.keys


def test_keys_that_are_missing_are_named_and_not_made_anew(
    database: Database, here: Settings, backup: Path
) -> None:
    keys = [here.vault_key, here.access_key, here.audit_key]
    assert set(at_hand(here, database, backup).values()) == {AtHand.RIGHT}
    kept = [key.read_bytes() for key in keys]
    for key in keys:
        key.unlink()
    assert set(at_hand(here, database, backup).values()) == {AtHand.MISSING}
    for key, data in zip(keys, kept, strict=True):
        with (
            pytest.raises(Unavailable, match=f"{key} is not there.*forget-key"),
            looked_after(here, CLOCK, print),
        ):
            pass
        assert not key.exists()
        key.write_bytes(data)
    with looked_after(here, CLOCK, print):
        pass


def test_keys_that_are_others_are_named(
    database: Database, here: Settings, backup: Path, tmp_path: Path
) -> None:
    other = here.model_copy(update={"home": tmp_path / "other", "database_url": ""})
    with looked_after(other, CLOCK, lambda _: None):
        pass
    mixed = here.model_copy(
        update={
            "vault_key_file": other.vault_key,
            "access_key_file": other.access_key,
            "audit_key_file": other.audit_key,
        }
    )
    assert set(at_hand(mixed, database, backup).values()) == {AtHand.OTHER}
    with pytest.raises(Unavailable, match="is not the one"), looked_after(mixed, CLOCK, print):
        pass


def test_a_key_that_is_lost_can_be_given_up_on_record(
    database: Database, here: Settings, backup: Path
) -> None:
    here.vault_key.unlink()
    with pytest.raises(Unavailable, match="not there"):
        make_or_find_keys(here, database, print)
    forget_key(database, KeyName.VAULT, "operator:ana", CLOCK)
    with pytest.raises(Conflict):
        forget_key(database, KeyName.VAULT, "operator:ana", CLOCK)
    make_or_find_keys(here, database, print)
    assert here.vault_key.exists()
    with database.reading() as work:
        assert set(installation(work).keys) == set(KeyName)
        said = work.execute(
            text("SELECT subject, actor FROM audit_entries WHERE action LIKE 'installation.%'")
        ).all()
    assert [tuple(each) for each in said] == [("key:vault", "operator:ana")]


def test_what_is_withdrawn_and_purged_is_in_no_page_of_a_backup(
    database: Database, organisation: OrganisationId, here: Settings, tmp_path: Path
) -> None:
    marked = bytes.fromhex("5eed" * 16)
    with database.work() as work:
        known = Lists(work).create(NewList("known"), organisation, NOW)
    add(database, known, [a_signal(number) for number in range(500)])
    add(database, known, [a_signal(int.from_bytes(marked), note="a note that was purged")])
    with database.work() as work:
        if database.engine.dialect.name == "sqlite":  # as where SQLite was not built to wipe
            work.exec_driver_sql("PRAGMA secure_delete = OFF")
        work.execute(text("DELETE FROM signals WHERE note = 'a note that was purged'"))
    write_backup(here, database, tmp_path / "backup", actor="test", clock=CLOCK)
    data = (tmp_path / "backup" / "database.sqlite").read_bytes()
    assert marked not in data
    assert b"a note that was purged" not in data
    assert json.loads((tmp_path / "backup" / "manifest.json").read_text().splitlines()[0])["tables"]
