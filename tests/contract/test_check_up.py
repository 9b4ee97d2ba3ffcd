"""What an operator gets wrong with a service is found, and the sentence says how to mend it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from amparo.access.audit import record
from amparo.access.audit.seal import Sealer
from amparo.access.installation import put_backup
from amparo.access.people.model import NewPerson
from amparo.access.people.secrets import AccessKey
from amparo.access.people.store import People
from amparo.access.roles import Role
from amparo.app.check_up import findings
from amparo.core.clock import SystemClock
from amparo.core.ids import OrganisationId
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.respond.webhooks.store import Webhooks
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
    apart = tmp_path / "keys"
    apart.mkdir()
    for name in ("vault", "access", "audit"):
        (apart / name).write_text("x")
        (apart / name).chmod(0o600)
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


def test_keys_that_others_read_or_that_lie_beside_the_data_are_named(
    settings: Settings, well: Database
) -> None:
    settings.vault_key.chmod(0o640)
    assert f"chmod 600 {settings.vault_key}" in found(settings, well)
    settings.home.mkdir()
    inside = settings.home / "access-key.txt"
    inside.write_text("x")
    inside.chmod(0o600)
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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_nobody, "amparo people add"),
        (_no_profile, "amparo jurisdiction example"),
        (_suspended, "amparo webhooks resume"),
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
