"""`amparo doctor` fails where `amparo serve` would not begin, and for advice alone it does not."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from amparo.access.audit.signing import ensure_signing_key
from amparo.access.first_key import ensure_first_key
from amparo.app.kept_keys import make_or_find_keys
from amparo.core.clock import SystemClock
from amparo.core.settings import Settings, settings
from amparo.db import Database
from amparo.db.migrate import upgrade
from tests.conftest import Ended, Run
from tests.databases import a_postgres_database


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """A service that was begun once."""
    begun = Settings(home=tmp_path / "home", database_url="")
    begun.home.mkdir()
    shutil.copytree(settings().home / "kernels", begun.home / "kernels")
    with Database(begun.database) as database:
        upgrade(database)
        make_or_find_keys(begun, database, print)
    return begun


def doctor(amparo: Run, here: Settings) -> Ended:
    return amparo("doctor", env={"AMPARO_HOME": str(here.home)})


def test_advice_fails_nothing_and_a_key_that_stops_the_service_does(
    here: Settings, amparo: Run
) -> None:
    well = doctor(amparo, here)
    assert (well.status, "FAILED" in well.out) == (0, False)
    assert "advice  " in well.out
    key = here.vault_key.read_bytes()
    here.vault_key.unlink()
    missing = doctor(amparo, here)
    assert missing.status == 1
    assert f"FAILED  service: The vault's key {here.vault_key} is not there" in missing.out
    here.vault_key.write_bytes(key)
    here.audit_key.write_text("no key\n")
    damaged = doctor(amparo, here)
    assert damaged.status == 1
    assert f"FAILED  service: {here.audit_key}" in damaged.out


def test_scorers_are_loaded_and_a_contract_that_is_not_confirmed_is_named(
    here: Settings, amparo: Run, tmp_path: Path
) -> None:
    with Database(here.database) as database:
        ensure_first_key(database, SystemClock())
    password = tmp_path / "password"
    password.write_text("quandelu")
    password.chmod(0o600)
    set_up = {
        "AMPARO_HOME": str(here.home),
        "AMPARO_SCORERS": '["opennsfw"]',
        "AMPARO_SHIELD_USER": "ana",
        "AMPARO_SHIELD_PASSWORD_FILE": str(password),
    }
    well = amparo("doctor", env=set_up)
    assert well.status == 0
    assert "ok      scorers: opennsfw, Project Arachnid Shield" in well.out
    assert "told nothing, since no contract is confirmed" in well.out
    assert "quandelu" not in well.out + well.err
    amparo("shield", "confirm", "--sends", "pdq", "--reference", "Contract 12", env=set_up)
    assert "told nothing" not in amparo("doctor", env=set_up).out
    broken = tmp_path / "broken.py"
    broken.write_text("1 / 0")
    for scorers, said in (
        ('["zorvimel"]', "FAILED  scorers: AMPARO_SCORERS: 'zorvimel' is neither a file nor one"),
        (f'["{broken}"]', "cannot be loaded: ZeroDivisionError"),
        ('["google-content-safety"]', "FAILED  scorers: Set AMPARO_GOOGLE_KEY_FILE"),
    ):
        ended = amparo("doctor", env=set_up | {"AMPARO_SCORERS": scorers})
        assert ended.status == 1
        assert said in ended.out


@pytest.fixture
def further(here: Settings, postgres_url: str, tmp_path: Path) -> Iterator[Settings]:
    """A further host as it is documented: PostgreSQL, and no audit key."""
    for url in a_postgres_database(postgres_url):
        first = here.model_copy(update={"database_url": url})
        with Database(url) as database:
            upgrade(database)
            make_or_find_keys(first, database, print)
        yield first.model_copy(update={"audit_key_file": tmp_path / "not-here.pem"})


def doctor_of(amparo: Run, further: Settings) -> Ended:
    environment = {
        "AMPARO_HOME": str(further.home),
        "AMPARO_DATABASE_URL": further.database,
        "AMPARO_AUDIT_KEY_FILE": str(further.audit_key),
    }
    return amparo("doctor", env=environment)


def test_a_further_host_needs_no_audit_key_but_no_other_one_and_all_the_rest(
    further: Settings, here: Settings, amparo: Run
) -> None:
    well = doctor_of(amparo, further)
    assert (well.status, "FAILED" in well.out) == (0, False)
    assert f"advice  The audit key {further.audit_key} is not on this host" in well.out
    ensure_signing_key(further.audit_key)
    another = doctor_of(amparo, further)
    assert another.status == 1
    assert f"FAILED  service: The audit key {further.audit_key} is not the one" in another.out
    further.audit_key.unlink()
    for each in (here.vault_key, here.access_key):
        kept = each.read_bytes()
        each.unlink()
        missing = doctor_of(amparo, further)
        assert missing.status == 1
        assert f"{each} is not there" in missing.out
        assert "audit" not in missing.out.partition("FAILED")[2]
        each.write_bytes(kept)


def test_a_setting_that_cannot_be_read_is_the_settings_fault(amparo: Run) -> None:
    ended = amparo("doctor", env={"AMPARO_SCORERS": "opennsfw"})
    assert ended.status == 1
    assert "FAILED  settings: AMPARO_SCORERS must be JSON" in ended.out
