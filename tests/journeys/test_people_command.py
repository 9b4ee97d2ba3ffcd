"""The command by which people are invited, shown and removed."""

import json
from pathlib import Path

import pytest

from amparo.app.listening import listening_noted
from amparo.db import Database
from amparo.db.migrate import upgrade
from tests.conftest import Run


@pytest.fixture
def home(amparo: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AMPARO_DATABASE_URL", f"sqlite:///{tmp_path}/amparo.db")
    monkeypatch.setenv("AMPARO_PUBLIC_URL", "https://amparo.example.org/")
    with Database(f"sqlite:///{tmp_path}/amparo.db") as database:
        upgrade(database)
    assert amparo("organisations", "create", "a platform").status == 0
    return tmp_path


def people(amparo: Run) -> list[dict[str, object]]:
    return [json.loads(line) for line in amparo("people", "list").out.splitlines()]


def test_people_are_invited_shown_changed_and_removed(amparo: Run, home: Path) -> None:
    added = amparo("people", "add", "Ana@example.org", "--name", "Ana", "--role", "owner")
    assert added.status == 0
    link = added.out.strip()
    assert link.startswith("https://amparo.example.org/console/invitation/")
    again = amparo("people", "invite-again", "ana@example.org").out.strip()
    assert again != link
    amparo("people", "add", "bea@example.org", "--name", "Bea", "--role", "reviewer")
    roles = ("--role", "reviewer", "--role", "lead-reviewer")
    assert amparo("people", "roles", "bea@example.org", *roles).status == 0
    ana, bea = people(amparo)
    assert (ana["email"], ana["state"]) == ("ana@example.org", "invited")
    assert bea["roles"] == "lead-reviewer reviewer"
    assert amparo("people", "remove", "bea@example.org").status == 0
    assert people(amparo)[1]["state"] == "removed"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("remove", "ana@example.org"), "last owner"),
        (("remove", "nobody@example.org"), "amparo people list"),
        (("add", "ana@example.org", "--name", "A", "--role", "owner"), "already"),
        (("add", "ana", "--name", "A", "--role", "owner"), "has one @"),
        (("add", "b@example.org", "--name", " ", "--role", "owner"), "needs a name"),
    ],
)
def test_what_cannot_be_is_told(
    amparo: Run, home: Path, arguments: tuple[str, ...], said: str
) -> None:
    amparo("people", "add", "ana@example.org", "--name", "Ana", "--role", "owner")
    ended = amparo("people", *arguments)
    assert ended.status == 2
    assert said in ended.err


def test_without_a_public_address_a_link_leads_to_where_it_listens(
    amparo: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AMPARO_PUBLIC_URL")
    monkeypatch.setenv("AMPARO_HOME", str(home))
    with listening_noted(home, "127.0.0.1", 9123):
        added = amparo("people", "add", "ana@example.org", "--name", "Ana", "--role", "owner")
    assert added.out.startswith("http://127.0.0.1:9123/console/invitation/")
    assert "AMPARO_PUBLIC_URL is not set" in added.err


def test_where_no_service_was_begun_nothing_is_made(amparo: Run, tmp_path: Path) -> None:
    ended = amparo("people", "list", env={"AMPARO_HOME": str(tmp_path / "none")})
    assert ended.status == 2
    assert "`amparo serve` begins one" in ended.err
    assert not (tmp_path / "none").exists()
