"""`amparo doctor` fails where `amparo serve` would not begin, and for advice alone it does not."""

import shutil
from pathlib import Path

import pytest

from amparo.app.kept_keys import make_or_find_keys
from amparo.core.settings import Settings, settings
from amparo.db import Database
from amparo.db.migrate import upgrade
from tests.conftest import Ended, Run


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
