"""What an operator gets wrong with a service is found, and the sentence says how to mend it."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text, update

from amparo.access.audit import record
from amparo.access.audit.checkpoint import Checkpoint
from amparo.access.audit.seal import Sealer
from amparo.access.audit.signing import signing_key
from amparo.access.audit.telling import forget_refusals
from amparo.access.audit.witness import Telling, WitnessRefused
from amparo.access.installation import put_backup
from amparo.access.people.model import NewPerson
from amparo.access.people.secrets import AccessKey, access_key, ensure_access_key
from amparo.access.people.store import People
from amparo.access.roles import Role
from amparo.access.witnessed import Contradiction, Trails
from amparo.app.check_up import findings
from amparo.app.listening import listening_noted
from amparo.core.clock import SystemClock
from amparo.core.errors import AmparoError, Unavailable
from amparo.core.ids import OrganisationId
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.model import NewList, Signal
from amparo.detect.lists.store import Lists
from amparo.respond.vault import Inbox, ensure_key, recipient_of
from amparo.respond.webhooks.store import Webhooks
from amparo.respond.webhooks.tables import WebhookRow
from tests.contract.test_audit import KEY
from tests.databases import NOW

PROFILE = "jurisdiction: 1\nname: x\ncounsel: c\nsigned_off: 2026-01-01\nsurfaces: {}\n"


class Earlier:
    """A clock that is an hour behind."""

    def now(self) -> datetime:
        return SystemClock().now() - timedelta(hours=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A service with which all is well."""
    (apart := tmp_path / "keys").mkdir()
    ensure_key(apart / "vault")
    ensure_access_key(apart / "access")
    signing_key(apart / "audit")
    return Settings(
        home=tmp_path / "home",
        vault_key_file=apart / "vault",
        access_key_file=apart / "access",
        audit_key_file=apart / "audit",
        audit_witness_command=("true",),
        public_url="https://amparo.example.org",
    )


@pytest.fixture
def well(database: Database, organisation: OrganisationId) -> Database:
    """With two owners, and a profile."""
    with database.work() as work:
        for name in ("ana", "bea"):
            new = NewPerson(f"{name}@example.org", name, frozenset({Role.OWNER}))
            People(work, organisation).add(new, NOW)
        work.execute(text("UPDATE people SET active_since = created_at"))
        work.execute(
            text("INSERT INTO jurisdictions (organisation_id, version, text, recorded_at, "
                 "recorded_by) SELECT id, 1, :text, created_at, 'x' FROM organisations"),
            {"text": PROFILE},
        )  # fmt: skip
    return database


def found(settings: Settings, database: Database) -> str:
    return "\n".join(findings(settings, database, SystemClock()))


def test_where_all_is_well_there_is_nothing_to_say(settings: Settings, well: Database) -> None:
    assert found(settings, well) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"public_url": "http://amparo.example.org"}, "without encryption"),
        ({"trusted_proxies": ("*",)}, "name your proxies"),
        ({"audit_witness_command": ()}, "no witness"),
    ],
)
def test_settings_that_are_not_safe_are_named(
    settings: Settings, well: Database, change: dict[str, object], said: str
) -> None:
    assert said in found(settings.model_copy(update=change), well)


def test_a_variable_that_is_no_setting_is_named(
    settings: Settings, well: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMPARO_WEBHOK_HOSTS", "[]")
    assert "is AMPARO_WEBHOOK_HOSTS meant?" in found(settings, well)


def test_keys_that_others_read_or_that_lie_beside_the_data_are_named(
    settings: Settings, well: Database
) -> None:
    settings.vault_key.chmod(0o640)
    assert f"chmod 600 {settings.vault_key}" in found(settings, well)
    settings.home.mkdir()
    inside = settings.home / "access-key.txt"
    ensure_access_key(inside)
    beside = settings.model_copy(update={"access_key_file": inside})
    assert "access key lies in AMPARO_HOME" in found(beside, well)


def test_a_clock_that_went_back_is_named(
    settings: Settings, well: Database, organisation: OrganisationId
) -> None:
    with well.work() as work:
        record(work, organisation, actor="t", action="a", subject="s", now=NOW)
    Sealer(well, KEY, SystemClock()).step()
    assert any("clock is behind" in each for each in findings(settings, well, Earlier()))


class NextMonth:
    """A clock that is a month ahead."""

    def now(self) -> datetime:
        return SystemClock().now() + timedelta(days=31)


def test_a_backup_that_is_long_ago_or_was_never_made_is_named(
    settings: Settings, well: Database
) -> None:
    assert any("No backup was ever made" in each for each in findings(settings, well, NextMonth()))
    with well.work() as work:
        put_backup(work, NOW)
    assert any("last backup is of" in each for each in findings(settings, well, NextMonth()))
    with well.work() as work:
        put_backup(work, NextMonth().now() - timedelta(days=6))
    assert not any("backup" in each for each in findings(settings, well, NextMonth()))


def _nobody(database: Database, organisation: OrganisationId) -> None:
    with database.work() as work:
        work.execute(text("DELETE FROM people"))


def _no_profile(database: Database, organisation: OrganisationId) -> None:
    with database.work() as work:
        work.execute(text("DELETE FROM jurisdictions"))


def _suspended(database: Database, organisation: OrganisationId) -> None:
    with database.work() as work:
        key = AccessKey(Fernet.generate_key())
        Webhooks(work, organisation).add("https://example.org/", [], key, NOW)
        work.execute(text("UPDATE webhooks SET suspended = 'It is gone.'"))


def _failing(database: Database, organisation: OrganisationId) -> None:
    _suspended(database, organisation)
    with database.work() as work:
        an_hour_ago = NOW - timedelta(hours=1)
        work.execute(update(WebhookRow).values(suspended=None, failing_since=an_hour_ago))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_nobody, "amparo people add"),
        (_no_profile, "amparo jurisdiction example"),
        (_suspended, "amparo webhooks resume"),
        (_failing, "https://example.org/ takes no messages since"),
    ],
)
def test_what_an_organisation_lacks_is_named(
    settings: Settings,
    well: Database,
    organisation: OrganisationId,
    change: Callable[[Database, OrganisationId], None],
    said: str,
) -> None:
    change(well, organisation)
    assert said in found(settings, well)
    assert "a platform: " in found(settings, well)


def test_signals_of_a_hash_type_that_is_not_plugged_in_are_told(
    well: Database, settings: Settings, organisation: OrganisationId
) -> None:
    assert list(findings(settings, well, SystemClock())) == []
    with well.work() as work:
        store = Lists(work)
        known = store.create(NewList("known"), organisation, NOW)
        gone = Signal("1", Algorithm("gone", 4), "00" * 4)
        store.add(known, [gone, Signal("2", Algorithm.MD5, "00" * 16)], actor="x", now=NOW)
    (told,) = findings(settings, well, SystemClock())
    assert "hash type 'gone'" in told
    with well.reading() as work:
        assert next(each.signal for each in Lists(work).live(known, after=0, limit=9)) == gone


def sealed(database: Database, organisation: OrganisationId, key: Ed25519PrivateKey = KEY) -> None:
    with database.work() as work:
        record(work, organisation, actor="t", action="a", subject="s", now=NOW)
    Sealer(database, key, SystemClock()).step()


def test_keys_that_are_not_the_ones_are_named(
    settings: Settings, well: Database, organisation: OrganisationId
) -> None:
    sealed(well, organisation, signing_key(settings.audit_key))
    with well.work() as work:
        key = access_key(settings.access_key)
        Webhooks(work, organisation).add("https://example.org/", [], key, NOW)
    inbox = Inbox(settings.home / "inbox", recipient_of(settings.vault_key))
    inbox.put(b"a note")
    settings.home.chmod(0o700)
    assert found(settings, well) == ""
    for path in (settings.vault_key, settings.access_key, settings.audit_key):
        path.unlink()
    gone = found(settings, well)
    for said in ("no vault's key", "no access key", "no audit key"):
        assert said in gone
    ensure_key(settings.vault_key)
    ensure_access_key(settings.access_key)
    signing_key(settings.audit_key)
    others = found(settings, well)
    assert "does not open what is held" in others
    assert "does not open what is sealed" in others
    assert "not the one that has signed the newest checkpoint (entry 1)" in others


@pytest.mark.parametrize("which", ["vault", "access", "audit"])
def test_a_key_file_that_holds_no_key_is_named(
    settings: Settings, well: Database, which: str
) -> None:
    (settings.vault_key.parent / which).write_text("x")
    said = found(settings, well)
    assert "holds no" in said or "none that can be used" in said


def test_a_key_in_a_place_that_others_share_is_named(
    settings: Settings, well: Database, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    moved = shared / "vault"
    settings.vault_key.rename(moved)
    settings.vault_key.symlink_to(moved)
    assert f"in the place of the vault's key, in {shared}" in found(settings, well)
    shared.chmod(0o755)
    assert found(settings, well) == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_another_account_is_named(settings: Settings, well: Database) -> None:
    os.chown(settings.access_key, 4711, -1)
    assert "belongs to another account (number 4711)" in found(settings, well)


def test_a_database_that_others_read_is_named(
    settings: Settings, well: Database, tmp_path: Path
) -> None:
    file = tmp_path / "open" / "amparo.db"
    file.parent.mkdir()
    file.parent.chmod(0o755)
    file.write_bytes(b"")
    file.chmod(0o644)
    here = settings.model_copy(update={"database_url": f"sqlite:///{file}"})
    assert f"may read the database {file}" in found(here, well)
    file.chmod(0o600)
    assert found(here, well) == ""
    os.utime(file, (2e9, 2e9))
    assert f"behind the last change of {file}" in found(here, well)


def test_a_home_that_others_may_change_is_named(settings: Settings, well: Database) -> None:
    settings.home.mkdir()
    settings.home.chmod(0o770)
    assert f"chmod 700 {settings.home}" in found(settings, well)


def test_a_disk_with_another_clock_is_named(settings: Settings, well: Database) -> None:
    assert any("clock and that of the disk" in each for each in findings(settings, well, Earlier()))


@pytest.mark.parametrize(("address", "open_to_all"), [
    ("0.0.0.0", True), ("::", True), ("203.0.113.7", False), ("8.8.8.8", True),
    ("127.0.0.1", False), ("10.0.0.11", False),
])  # fmt: skip
def test_an_address_that_is_open_to_everybody_is_named_while_it_is(
    settings: Settings, well: Database, address: str, open_to_all: bool
) -> None:
    with listening_noted(settings.home, address, 8080):
        assert (f"listens on {address} port 8080" in found(settings, well)) == open_to_all
    assert found(settings, well) == ""


class Refusing:
    """A witness that takes nothing."""

    name = "https://amparo.example"

    def __init__(self, error: AmparoError) -> None:
        self.error = error

    def tell(self, line: str) -> None:
        raise self.error


def test_a_witness_that_is_silent_or_refuses_is_named(
    settings: Settings, well: Database, organisation: OrganisationId
) -> None:
    key = signing_key(settings.audit_key)
    with well.work() as work:
        record(work, organisation, actor="t", action="a", subject="s", now=NOW)
    Sealer(well, key, Earlier()).step()
    here = settings.model_copy(
        update={"audit_witness_command": (), "audit_witness_url": Refusing.name}
    )
    assert f"{Refusing.name} was not told of the newest checkpoint (entry 1)" in found(here, well)
    assert found(settings, well).startswith("The witness command was not told")
    with pytest.raises(Unavailable):
        Telling(well, Refusing(Unavailable("It is away."))).step()
    assert "was told nothing since" in found(here, well)
    refusing = Telling(well, Refusing(WitnessRefused("Another trail.")))
    with pytest.raises(WitnessRefused):
        refusing.step()
    assert refusing.step() is False, "what was refused is not told again"
    said = found(here, well)
    assert "knows of another trail than this one. Another trail." in said
    assert f"amparo audit verify --witness {Refusing.name}" in said
    with pytest.raises(Unavailable):
        Telling(well, Refusing(Unavailable("It is away."))).step()
    assert "knows of another trail" in found(here, well), "it is not forgotten by being away"
    forget_refusals(well, [Refusing.name])
    assert "another trail" not in found(here, well)


def test_a_witness_file_that_is_silent_or_lies_beside_the_data_is_named(
    settings: Settings, well: Database, organisation: OrganisationId, tmp_path: Path
) -> None:
    file = tmp_path / "witness.jsonl"
    here = settings.model_copy(update={"audit_witness_command": (), "audit_witness_file": file})
    with well.work() as work:
        record(work, organisation, actor="t", action="a", subject="s", now=NOW)
    Sealer(well, signing_key(settings.audit_key), Earlier()).step()
    assert f"{file} was not told of the newest checkpoint" in found(here, well)
    inside = here.model_copy(update={"audit_witness_file": settings.home / "witness.jsonl"})
    assert "witness lies in AMPARO_HOME" in found(inside, well)
    plain = settings.model_copy(update={"audit_witness_url": "http://amparo.example"})
    assert "told without encryption" in found(plain, well)


def test_trails_of_others_that_contradict_themselves_are_named(
    settings: Settings, well: Database, organisation: OrganisationId
) -> None:
    said = Checkpoint(7, NOW, b"d" * 32, b"r" * 32, b"s" * 64)
    with well.work() as work:
        trails = Trails(work, organisation)
        trail = trails.begin("a sister site", b"k" * 32, NOW)
        trails.keep(trail, b"k" * 32, said, Contradiction.FORKED, NOW)
    assert "a platform: 1 checkpoints of trails that it witnesses contradict" in found(
        settings, well
    )


def test_a_trail_of_others_that_fell_silent_is_named(
    settings: Settings, well: Database, organisation: OrganisationId
) -> None:
    said = Checkpoint(7, NOW, b"d" * 32, b"r" * 32, b"s" * 64)
    for name, ago in (("a sister site", timedelta(days=3)), ("another", timedelta(hours=1))):
        told_at = SystemClock().now() - ago
        with well.work() as work:
            trails = Trails(work, organisation)
            trails.keep(trails.begin(name, b"k" * 32, told_at), b"k" * 32, said, None, told_at)
    words = found(settings, well)
    assert "a platform: nothing was told of the trail 'a sister site' since" in words
    assert "'another'" not in words


def test_a_proxy_elsewhere_that_is_not_named_is(settings: Settings, well: Database) -> None:
    behind = settings.model_copy(update={"public_url": "https://amparo.example"})
    named = behind.model_copy(update={"trusted_proxies": ("192.0.2.7",)})
    with listening_noted(settings.home, "0.0.0.0", 8080):
        assert "AMPARO_TRUSTED_PROXIES" in found(behind, well)
        assert "AMPARO_TRUSTED_PROXIES" not in found(named, well)
    assert "AMPARO_TRUSTED_PROXIES" not in found(behind, well)
