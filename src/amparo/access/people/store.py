"""People on record: invited, active, removed; what they may do."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from amparo.access.people.model import Language, NewPerson, Person, PersonId
from amparo.access.people.tables import InvitationRow, PersonRow, RecoveryRow, SessionRow
from amparo.access.roles import Role
from amparo.core.errors import Conflict, NotFound
from amparo.core.ids import OrganisationId, new_id
from amparo.db import Work


class People:
    """An organisation's people, as one unit of work sees them."""

    def __init__(self, work: Work, organisation: OrganisationId) -> None:
        self._work = work
        self._organisation = organisation

    def add(self, new: NewPerson, now: datetime) -> Person:
        """Put somebody on record, who cannot sign in yet.

        Raises Conflict where somebody has that address.
        """
        try:
            self._work.execute(
                insert(PersonRow).values(
                    id=(person := PersonId(new_id())),
                    organisation_id=self._organisation,
                    email=new.email.lower(),
                    name=new.name,
                    roles=sorted(new.roles),
                    language=new.language.value,
                    created_at=now,
                    totp_step=0,
                )
            )
        except IntegrityError as error:
            raise Conflict("There is somebody with that e-mail address already.") from error
        return self.get(person)

    def get(self, person: PersonId) -> Person:
        """Somebody who is not removed. Raises NotFound."""
        return self._one(PersonRow.id == person)

    def named(self, email: str) -> Person:
        """Whoever has the address. Raises NotFound."""
        return self._one(PersonRow.email == email.lower())

    def all(self) -> tuple[Person, ...]:
        """Everybody, also who is removed; the first invited first."""
        rows = self._work.execute(
            select(PersonRow.__table__)
            .where(PersonRow.organisation_id == self._organisation)
            .order_by(PersonRow.id)
        )
        return tuple(person_of(row) for row in rows.mappings())

    def owners(self) -> tuple[Person, ...]:
        """Who is owner and not removed, also who was invited and has not accepted yet."""
        there = (each for each in self.all() if each.removed_at is None)
        return tuple(each for each in there if Role.OWNER in each.roles)

    def give(self, person: PersonId, roles: Iterable[Role]) -> None:
        """Let somebody be these from now on.

        Raises Conflict where no owner would be left, or none who can sign in.
        """
        wanted = sorted(roles)
        self._require_owner(person, Role.OWNER in wanted)
        self._work.execute(update(PersonRow).where(PersonRow.id == person).values(roles=wanted))

    def speak(self, person: PersonId, language: Language) -> None:
        """Have somebody's pages in a language."""
        self._work.execute(
            update(PersonRow).where(PersonRow.id == person).values(language=language.value)
        )

    def remove(self, person: PersonId, now: datetime) -> None:
        """Let somebody do nothing any more, from this moment on; the record keeps the name.

        Raises Conflict where no owner would be left, or none who can sign in.
        """
        self._require_owner(person, stays=False)
        forget_secrets(self._work, person)
        self._work.execute(
            update(PersonRow)
            .where(PersonRow.id == person)
            .values(removed_at=now, issuer=None, subject=None)
        )

    def _require_owner(self, person: PersonId, stays: bool) -> None:
        owners = self.owners()
        if stays or person not in {each.id for each in owners}:
            return
        left = [each for each in owners if each.id != person]
        if not left:
            raise Conflict("This is the last owner; make somebody else an owner first.")
        enters = {each.id for each in owners if each.active_since is not None}
        if enters == {person}:
            raise Conflict(
                f"This is the last owner who can sign in: {left[0].email} was invited and has not "
                "accepted yet; `amparo people invite-again` makes another link."
            )

    def _one(self, condition: Any) -> Person:
        row = (
            self._work.execute(
                select(PersonRow.__table__).where(
                    PersonRow.organisation_id == self._organisation,
                    PersonRow.removed_at.is_(None),
                    condition,
                )
            )
            .mappings()
            .one_or_none()
        )
        if row is None:
            raise NotFound("There is no such person; `amparo people list` shows them.")
        return person_of(row)


def forget_secrets(work: Work, person: PersonId) -> None:
    """End all sessions and invitations of somebody; forget password, codes and the provider's."""
    # The person first: whoever signs in meanwhile has it, and their session is there to be ended.
    work.execute(
        update(PersonRow)
        .where(PersonRow.id == person)
        .values(password_hash=None, totp_sealed=None, issuer=None, subject=None, active_since=None)
    )
    for table in (SessionRow, InvitationRow, RecoveryRow):
        work.execute(delete(table).where(table.person_id == person))


def person_of(columns: RowMapping) -> Person:
    """A person as the table has them."""
    return Person(
        id=PersonId(columns["id"]),
        organisation_id=OrganisationId(columns["organisation_id"]),
        email=columns["email"],
        name=columns["name"],
        roles=frozenset(Role(each) for each in columns["roles"]),
        language=Language(columns["language"]),
        created_at=columns["created_at"],
        active_since=columns["active_since"],
        removed_at=columns["removed_at"],
    )
