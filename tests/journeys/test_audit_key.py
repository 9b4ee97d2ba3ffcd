"""The audit key: made out loud, and named where the trail is another key's."""

from pathlib import Path

import pytest
from sqlalchemy import text

from amparo.access.audit.seal import Sealer
from amparo.access.audit.signing import signing_key
from amparo.access.installation import KeyName
from amparo.app.kept_keys import forget_key, make_or_find_keys
from amparo.core.clock import SystemClock
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.db.migrate import upgrade
from tests.conftest import Run

CLOCK = SystemClock()


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    home.mkdir()
    return Settings(home=home, database_url="")


def test_each_key_that_is_made_is_told_once(here: Settings) -> None:
    said: list[str] = []
    with Database(here.database) as database:
        upgrade(database)
        make_or_find_keys(here, database, said.append)
        make_or_find_keys(here, database, said.append)
    for path in (here.vault_key, here.access_key, here.audit_key):
        assert sum(str(path) in line for line in said) == 1
    assert any(line.startswith("Made the audit key") for line in said)


def test_a_trail_that_another_key_signed_names_the_one_that_signs_now(
    here: Settings, amparo: Run
) -> None:
    environment = {"AMPARO_HOME": str(here.home)}
    with Database(here.database) as database:
        upgrade(database)
        make_or_find_keys(here, database, print)
        assert amparo("organisations", "create", "a platform", env=environment).status == 0
        Sealer(database, signing_key(here.audit_key), CLOCK).step()
        assert amparo("audit", "verify", env=environment).status == 0
        old = here.audit_key.rename(here.home / "old.pem")
        forget_key(database, KeyName.AUDIT, "operator:ana", CLOCK)
        make_or_find_keys(here, database, print)
    ended = amparo("audit", "verify", env=environment)
    assert ended.status == 1
    assert "is not signed by this key" in ended.err
    assert f"signs now is {here.audit_key}" in ended.err
    assert "forget-key audit" in ended.err
    with_old = amparo("audit", "verify", env={**environment, "AMPARO_AUDIT_KEY_FILE": str(old)})
    assert with_old.status == 0
    with Database(here.database) as database, database.work() as work:
        work.execute(text("UPDATE audit_entries SET actor = 'u' WHERE position = 1"))
    changed = amparo("audit", "verify", env={**environment, "AMPARO_AUDIT_KEY_FILE": str(old)})
    assert changed.status == 1
    assert "signs now" not in changed.err
