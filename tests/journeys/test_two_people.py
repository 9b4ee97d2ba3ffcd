"""Two people at a shell agree on what takes consequences away, each by password and code."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest

from amparo.access.first_key import ensure_first_key
from amparo.access.keys import organisations
from amparo.access.model import Actor, Scope
from amparo.access.people.invitations import Chosen
from amparo.access.people.model import NewPerson
from amparo.access.people.secrets import access_key, ensure_access_key
from amparo.access.roles import Role
from amparo.app.change_people import accept_invitation, invite_person
from amparo.core.clock import SystemClock
from amparo.db import Database
from amparo.db.migrate import upgrade
from amparo.interfaces.cli.database import login
from tests.conftest import Ended, Run

CLOCK = SystemClock()
PASSWORD = "seven green umbrellas"


@dataclass
class Site:
    """A home with a negative list, in which something waits that the shell has proposed."""

    run: Run
    home: Path
    codes: dict[str, str]

    def typed(self, *arguments: str, **options: str) -> Ended:
        return self.run("lists", *arguments, env={"AMPARO_HOME": str(self.home)}, **options)

    def confirm(self, who: str, password: str = PASSWORD) -> Ended:
        (waiting,) = self.typed("proposals").out.splitlines()
        number = str(json.loads(waiting)["proposal"])
        return self.typed(
            "confirm", "harmless", number, "--as", f"{who}@example.org",
            input=f"{password}\n{self.codes[who]}\n",
        )  # fmt: skip


@pytest.fixture
def site(amparo: Run, tmp_path: Path) -> Site:
    home = tmp_path / "home"
    home.mkdir()
    ensure_access_key(home / "access-key.txt")
    codes = {}
    with Database(f"sqlite:///{home}/amparo.db") as database:
        upgrade(database)
        ensure_first_key(database, CLOCK)
        for name, role in (("ana", Role.OWNER), ("ben", Role.POLICY), ("eva", Role.AUDITOR)):
            codes[name] = _let_in(database, home, name, role)
    site = Site(amparo, home, codes)
    file = tmp_path / "harmless.csv"
    file.write_text("algorithm,value\nmd5," + "0" * 32 + "\n")
    site.typed("create", "harmless", "--kind", "negative")
    site.typed("import", "harmless", str(file), "--note", "ours", "--days", "30")
    return site


def _let_in(database: Database, home: Path, name: str, role: Role) -> str:
    """Somebody who has accepted an invitation; a recovery code, which stands for the telephone."""
    with database.reading() as work:
        (organisation,) = organisations(work).values()
    operator = Actor(organisation, "operator:root", frozenset(Scope))
    new = NewPerson(f"{name}@example.org", name.title(), frozenset({role}))
    token = invite_person(database, new, operator, CLOCK).token
    secret = pyotp.random_base32()
    chosen = Chosen(PASSWORD, secret, pyotp.TOTP(secret).now())
    key = access_key(home / "access-key.txt")
    return accept_invitation(database, token, chosen, key, CLOCK)[1][0]


def test_what_the_shell_proposed_holds_once_two_have_signed_in(site: Site) -> None:
    first = site.confirm("ana")
    assert first.status == 0, first.err
    assert "somebody else must confirm it too" in first.err
    second = site.confirm("ben")
    assert second.status == 0, second.err
    assert "Revision 1" in second.err
    assert "ours" in site.typed("export", "harmless").out


def test_neither_the_shell_nor_whoever_may_not_is_a_person_who_confirms(site: Site) -> None:
    (waiting,) = site.typed("proposals").out.splitlines()
    number = str(json.loads(waiting)["proposal"])
    alone = site.typed("confirm", "harmless", number)
    assert (alone.status, "--as EMAIL" in alone.err) == (2, True)
    assert "not right" in site.confirm("ana", password="another sentence").err
    assert site.confirm("eva").status == 2
    assert site.typed("export", "harmless").out.count("ours") == 0


def test_whoever_types_is_who_the_machine_says(monkeypatch: pytest.MonkeyPatch) -> None:
    known = login()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert login() == known
    assert os.getuid() != 0 or known == "root"
