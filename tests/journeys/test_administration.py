"""What an operator types: keys, policies, jurisdiction, lists; all of it in the audit trail."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from amparo.access.first_key import ensure_first_key
from amparo.access.keys import organisations
from amparo.access.model import Actor, Scope
from amparo.app.change_lists import confirm_proposal
from amparo.core.clock import SystemClock
from amparo.core.ids import OrganisationId
from amparo.db import Database
from amparo.db.migrate import upgrade
from tests.conftest import Ended, Run
from tests.databases import NOW

Type = Callable[..., Ended]
POLICY = "policy: 1\nrules:\n  - id: all\n    when: media.size_bytes > 0\n    action: review\n"


@pytest.fixture
def database_file(tmp_path: Path) -> Path:
    """A database as `amparo serve` makes it."""
    file = tmp_path / "home" / "amparo.db"
    file.parent.mkdir()
    with Database(f"sqlite:///{file}") as database:
        upgrade(database)
        ensure_first_key(database, SystemClock())
    return file


@pytest.fixture
def typed(database_file: Path, tmp_path: Path, amparo: Run) -> Type:
    """Run a command; it must end well unless told otherwise."""

    def run(*arguments: str, status: int = 0) -> Ended:
        ended = amparo(*arguments, env={"AMPARO_HOME": str(database_file.parent)})
        assert ended.status == status, ended.err
        return ended

    return run


def lines(ended: Ended) -> list[dict[str, object]]:
    return [json.loads(line) for line in ended.out.splitlines()]


def organisations_of(database: Database) -> list[OrganisationId]:
    with database.reading() as work:
        return list(organisations(work).values())


def audited(database_file: Path) -> list[str]:
    with Database(f"sqlite:///{database_file}") as database, database.reading() as work:
        rows = work.exec_driver_sql("SELECT action FROM audit_entries ORDER BY id").scalars()
        return list(rows)[1:]


def test_keys(typed: Type, database_file: Path) -> None:
    made = typed("keys", "create", "the auditor", "--role", "auditor", "--days", "30").out.strip()
    assert made.startswith("amparo_")
    (_, known) = lines(typed("keys", "list"))
    assert (known["name"], known["revoked"]) == ("the auditor", None)
    assert known["scopes"] == "audit:read decisions:read lists:read media:read metrics:read"
    rotated = typed("keys", "rotate", str(known["key"]), "--hours", "2").out.strip()
    assert rotated.startswith("amparo_")
    assert rotated != made
    (_, old, new) = lines(typed("keys", "list"))
    assert str(old["expires"]) < str(new["expires"])
    typed("keys", "revoke", str(new["key"]))
    assert lines(typed("keys", "list"))[2]["revoked"]
    assert "taken back" in typed("keys", "rotate", str(new["key"]), status=2).err
    assert typed("keys", "alarms").out == ""
    assert typed("keys", "create", "for nothing", status=2).err
    assert audited(database_file) == ["keys.create", "keys.rotate", "keys.revoke"]


def test_organisations_share_an_installation_and_nothing_else(typed: Type) -> None:
    typed("organisations", "create", "a second")
    assert "already" in typed("organisations", "create", "a second", status=2).err
    assert "needs a name" in typed("organisations", "create", " ", status=2).err
    assert [each["name"] for each in lines(typed("organisations", "list"))] == [
        "default", "a second",
    ]  # fmt: skip
    assert "--organisation" in typed("lists", "show", status=2).err
    typed("lists", "create", "known", "--organisation", "a second")
    assert typed("lists", "show", "--organisation", "default").out == ""
    assert lines(typed("lists", "show", "--organisation", "a second"))[0]["list"] == "known"
    typed("keys", "create", "k", "--scope", "media:submit", "--organisation", "a second")


def test_policies(typed: Type, database_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY.replace("size_bytes", "size_byte"))
    told = typed("policy", "check", str(file), status=2).err
    assert "line 4" in told
    assert "size_byte" in told
    assert told.rstrip().endswith("^")
    file.write_text(POLICY)
    typed("policy", "check", str(file))
    assert typed("policy", "save", str(file)).out.strip() == "1"
    typed("policy", "shadow", "1")
    assert "beside 0 decisions" in typed("policy", "compare").err
    assert lines(typed("policy", "versions"))[0]["stands"] == "shadow"
    typed("policy", "activate", "1")
    assert lines(typed("policy", "versions"))[0]["stands"] == "holds"
    assert typed("policy", "show").out == POLICY
    typed("policy", "activate", "0")
    assert typed("policy", "show").out != POLICY
    assert typed("policy", "show", "1").out == POLICY
    assert "no version 9" in typed("policy", "activate", "9", status=2).err
    assert "There is no file" in typed("policy", "save", "missing.yaml", status=2).err
    assert audited(database_file) == [
        "policy.save", "policy.shadow", "policy.activate", "policy.activate",
    ]  # fmt: skip


def test_scores_in_a_policy(typed: Type, database_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    scored = '\'"zorvimel" in scores && scores["zorvimel"] > 0.5\''
    file.write_text(POLICY.replace("media.size_bytes > 0", scored))
    for command in ("check", "save", "test"):
        told = typed("policy", command, str(file)).err
        assert "Rule 'all' names the score 'zorvimel', which no scorer here gives" in told
    file.write_text(file.read_text().replace("action: review", "action: hold"))
    for command in ("check", "save", "activate", "shadow", "test"):
        told = typed("policy", command, str(file), status=2).err
        assert "line 4, column 26: the rule 'all' asks for hold because of a score" in told
    assert audited(database_file) == ["policy.save"]


def test_shield(typed: Type, database_file: Path) -> None:
    assert "No contract is confirmed" in typed("shield", "show", status=2).err
    assert "not confirmed" in typed("shield", "withdraw", status=2).err
    assert "Name the contract" in typed(
        "shield", "confirm", "--sends", "pdq", "--reference", " ", status=2
    ).err  # fmt: skip
    typed("shield", "confirm", "--sends", "pdq", "--reference", "Contract 12")
    told = typed("shield", "confirm", "--sends", "media", "--reference", "Contract 13").err
    assert "nothing is sent until AMPARO_SHIELD_SENDS is 'media' too" in told
    (shown,) = lines(typed("shield", "show"))
    assert (shown["covers"], shown["reference"]) == ("media", "Contract 13")
    assert str(shown["by"]).startswith("operator:")
    typed("shield", "withdraw")
    assert "No contract is confirmed" in typed("shield", "show", status=2).err
    assert audited(database_file) == ["contracts.confirm"] * 2 + ["contracts.withdraw"]


def test_jurisdiction(typed: Type, database_file: Path, tmp_path: Path) -> None:
    assert "No profile" in typed("jurisdiction", "show", status=2).err
    file = tmp_path / "profile.yaml"
    for name in ("us", "mx"):
        file.write_text(typed("jurisdiction", "example", name).out)
        assert "Nobody has signed" in typed("jurisdiction", "check", str(file), status=2).err
        assert "Nobody has signed" in typed("jurisdiction", "record", str(file), status=2).err
    signed = file.read_text().replace('counsel: ""', "counsel: A. Lawyer")
    file.write_text(signed.replace("signed_off: null", f"signed_off: {NOW:%Y-%m-%d}"))
    typed("jurisdiction", "check", str(file))
    typed("jurisdiction", "record", str(file))
    assert typed("jurisdiction", "show").out == file.read_text()
    assert audited(database_file) == ["jurisdiction.record"]


def test_a_negative_list_is_filled_with_a_reason(
    typed: Type, database_file: Path, tmp_path: Path
) -> None:
    file = tmp_path / "harmless.csv"
    file.write_text("algorithm,value\nmd5," + "0" * 32 + "\n")
    typed("lists", "create", "harmless", "--kind", "negative")
    refused = typed("lists", "import", "harmless", str(file), status=2)
    assert "note" in refused.err
    typed("lists", "import", "harmless", str(file), "--note", "ours", "--days", "30")
    assert lines(typed("lists", "show"))[0]["signals"] == 0
    (waiting,) = lines(typed("lists", "proposals"))
    assert (waiting["list"], waiting["signals"]) == ("harmless", 1)
    number = str(waiting["proposal"])
    assert "no person" in typed("lists", "confirm", "harmless", number, status=2).err
    with Database(f"sqlite:///{database_file}") as database:
        (organisation,) = organisations_of(database)
        for each in ("person:one", "person:another"):
            person = Actor(organisation, each, frozenset(Scope))
            confirm_proposal(database, "harmless", int(number), person, SystemClock())
    assert "ours" in typed("lists", "export", "harmless").out
    assert lines(typed("lists", "show"))[0]["signals"] == 1
    assert typed("lists", "proposals").out == ""
    assert "No proposal" in typed("lists", "refuse", "harmless", number, status=2).err
    typed("audit", "verify")
    assert audited(database_file) == [
        "lists.create", "lists.import", "lists.stand_by", "lists.confirm",
    ]  # fmt: skip


def test_a_list_is_renamed_counts_for_less_and_goes(typed: Type, database_file: Path) -> None:
    typed("lists", "create", "theirs")
    typed("lists", "create", "taken")
    assert "taken" in typed("lists", "rename", "theirs", "taken", status=2).err
    typed("lists", "rename", "theirs", "hotline")
    typed("lists", "share", "hotline", "0.25")
    typed("lists", "share", "hotline", "2", status=2)
    (hotline, _) = lines(typed("lists", "show"))
    assert (hotline["list"], hotline["enabled_share"]) == ("hotline", 0.25)
    typed("lists", "remove", "hotline")
    assert [each["list"] for each in lines(typed("lists", "show"))] == ["taken"]
    assert "no list 'hotline'" in typed("lists", "remove", "hotline", status=2).err
    typed("lists", "create", "hotline")
    assert audited(database_file) == [
        "lists.create", "lists.create", "lists.rename", "lists.share", "lists.remove",
        "lists.create",
    ]  # fmt: skip
