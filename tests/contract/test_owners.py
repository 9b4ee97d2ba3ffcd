"""An organisation always keeps an owner who can sign in, and the doctor counts nobody else."""

from pathlib import Path

import pytest
from sqlalchemy import update

from amparo.access.people.model import NewPerson, Person, PersonId
from amparo.access.people.store import People, forget_secrets
from amparo.access.people.tables import PersonRow
from amparo.access.roles import Role
from amparo.app.check_up import findings
from amparo.core.clock import SystemClock
from amparo.core.errors import Conflict
from amparo.core.ids import OrganisationId
from amparo.core.settings import Settings
from amparo.db import Database, Work
from tests.databases import NOW


def owner(work: Work, organisation: OrganisationId, name: str, *, active: bool) -> Person:
    """Somebody invited as an owner, who has accepted or has not yet."""
    new = NewPerson(f"{name}@example.org", name, frozenset({Role.OWNER}))
    person = People(work, organisation).add(new, NOW)
    if active:
        accepted = update(PersonRow).where(PersonRow.id == person.id)
        work.execute(accepted.values(active_since=NOW))
    return person


def advice(database: Database, home: Path) -> str:
    return "\n".join(findings(Settings(home=home), database, SystemClock()))


def test_the_last_owner_who_can_sign_in_stays_though_another_was_invited(
    database: Database, organisation: OrganisationId
) -> None:
    with database.work() as work:
        people = People(work, organisation)
        ana = owner(work, organisation, "ana", active=True)
        bea = owner(work, organisation, "bea", active=False)
        with pytest.raises(Conflict, match="was invited and has not accepted"):
            people.remove(ana.id, NOW)
        with pytest.raises(Conflict, match="last owner who can sign in"):
            people.give(ana.id, [Role.AUDITOR])
        people.give(ana.id, [Role.OWNER, Role.AUDITOR])
        people.remove(bea.id, NOW)


def test_an_owner_goes_once_another_has_accepted(
    database: Database, organisation: OrganisationId
) -> None:
    with database.work() as work:
        ana = owner(work, organisation, "ana", active=True)
        owner(work, organisation, "bea", active=True)
        People(work, organisation).remove(ana.id, NOW)
        assert [each.name for each in People(work, organisation).owners()] == ["bea"]


def test_an_owner_who_lost_everything_is_replaced(
    database: Database, organisation: OrganisationId
) -> None:
    """Inviting again takes the password at once, and after that another may take the place."""
    with database.work() as work:
        ana = owner(work, organisation, "ana", active=True)
        forget_secrets(work, PersonId(ana.id))
        owner(work, organisation, "bea", active=False)
        People(work, organisation).remove(ana.id, NOW)


def test_the_doctor_counts_only_owners_who_can_sign_in(
    database: Database, organisation: OrganisationId, tmp_path: Path
) -> None:
    with database.work() as work:
        owner(work, organisation, "bea", active=False)
    assert "until bea@example.org accepts" in advice(database, tmp_path)
    with database.work() as work:
        owner(work, organisation, "ana", active=True)
    assert "has one owner who can sign in" in advice(database, tmp_path)
    with database.work() as work:
        owner(work, organisation, "eva", active=True)
    assert "owner" not in advice(database, tmp_path)
