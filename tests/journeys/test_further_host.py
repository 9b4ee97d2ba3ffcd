"""`amparo api`: a second host decides by what was said to the first."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from amparo.access.people.secrets import ensure_access_key
from amparo.app.kept_keys import make_or_find_keys
from amparo.core.settings import Settings, settings
from amparo.db import Database
from amparo.db.migrate import upgrade
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.media.model import Limits
from amparo.testing.hostile import encoded, photograph_like
from tests.conftest import Run
from tests.databases import a_postgres_database
from tests.journeys.test_faults import client_of
from tests.journeys.test_serve import Server, free_port, start

PICTURE = encoded(photograph_like(), "JPEG")


@pytest.fixture
def database_of_all(postgres_url: str) -> Iterator[str]:
    for url in a_postgres_database(postgres_url):
        with Database(url) as database:
            upgrade(database)
        yield url


def started(stack: ExitStack, home: Path, url: str, vault_key: Path, command: str) -> Server:
    home.mkdir()
    shutil.copytree(settings().home / "kernels", home / "kernels")
    environment = {
        "AMPARO_DATABASE_URL": url,
        "AMPARO_VAULT_KEY_FILE": str(vault_key),
        "AMPARO_ACCESS_KEY_FILE": str(vault_key.with_name("access-key.txt")),
    }
    port = free_port()
    process, said = start(home, "--port", str(port), command=command, environment=environment)
    stack.callback(process.communicate)
    stack.callback(process.kill)
    keys = [line.rpartition(" ")[2].strip() for line in said if "first key" in line]
    return Server(process, keys[0] if keys else "", port, environment)


def test_a_second_host_follows_decides_and_needs_no_audit_key(
    database_of_all: str, tmp_path: Path, socket_enabled: None
) -> None:
    vault_key = tmp_path / "vault-key.txt"
    with ExitStack() as stack:
        first = started(stack, tmp_path / "a", database_of_all, vault_key, "serve")
        second = started(stack, tmp_path / "b", database_of_all, vault_key, "api")
        second.key = first.key
        with client_of(first) as one, client_of(second) as other:
            value = hash_media(PICTURE, Limits()).pictures[0].hex
            one.post("/v1/lists", json={"name": "known", "kind": "confirmed"})
            signals = {"signals": [{"algorithm": "pdq", "value": value}]}
            added = one.post("/v1/lists/known/signals", json=signals).json()
            asked = {"hashes": [{"algorithm": "pdq", "value": value}]}
            while other.post("/v1/matches", json=asked).json()["revisions"].get("known") != 1:
                pass
            answer = other.post("/v1/media", content=PICTURE).json()
            assert answer["action"] == "hold"
            assert answer["matches"][0]["signal"] == added["signals"][0]
            assert one.get(f"/v1/media/{answer['media_id']}").json() == answer
    assert (tmp_path / "a" / "audit-key.pem").exists()
    assert not (tmp_path / "b" / "audit-key.pem").exists()


def test_sqlite_has_one_host(tmp_path: Path, amparo: Run, socket_enabled: None) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copytree(settings().home / "kernels", home / "kernels")
    ended = amparo("api", "--port", str(free_port()), env={"AMPARO_HOME": str(home)})
    assert ended.status == 2
    assert "PostgreSQL" in ended.err


def test_a_worker_with_another_installation_s_access_key_takes_nothing(
    database_of_all: str, tmp_path: Path, amparo: Run
) -> None:
    home = tmp_path / "home"
    shutil.copytree(settings().home / "kernels", home / "kernels")
    here = Settings(home=home, database_url=database_of_all)
    with Database(database_of_all) as database:
        make_or_find_keys(here, database, print)
    other = tmp_path / "other-access-key.txt"
    ensure_access_key(other)
    ended = amparo("worker", env={
        "AMPARO_HOME": str(home),
        "AMPARO_DATABASE_URL": database_of_all,
        "AMPARO_ACCESS_KEY_FILE": str(other),
    })  # fmt: skip
    assert ended.status == 2
    assert f"The access key {other} is not the one that this database was written" in ended.err
    assert "At work" not in ended.out
