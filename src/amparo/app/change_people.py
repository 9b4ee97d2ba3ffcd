"""People are invited, given roles and removed: on record, in the audit trail."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from amparo.access.audit import record
from amparo.access.model import Actor
from amparo.access.people.codes import new_recovery_codes
from amparo.access.people.invitations import Chosen, accept, hash_chosen, invite
from amparo.access.people.model import Given, Language, NewPerson, Person, PersonId, Session
from amparo.access.people.secrets import AccessKey
from amparo.access.people.sessions import begin_session, end_session, end_sessions
from amparo.access.people.sign_in import prove
from amparo.access.people.store import People
from amparo.access.roles import Role
from amparo.access.solo import solo_of
from amparo.core.clock import Clock
from amparo.core.errors import Invalid
from amparo.db import Database, Work


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who may accept with the token."""

    person: Person
    token: str = field(repr=False)


def invite_person(database: Database, new: NewPerson, actor: Actor, clock: Clock) -> Invited:
    """Invite somebody new. Raises Conflict where somebody has that address, Invalid.

    The second address of one who decides alone must be nobody's who signs in.
    """
    now = clock.now()
    with database.work() as work:
        solo = solo_of(work, actor.organisation_id)
        if solo is not None and solo.address.lower() == new.email.strip().lower():
            raise Invalid("That is the second address, which is told what one person decides.")
        person = People(work, actor.organisation_id).add(new, now)
        token = invite(work, person.id, now)
        _record(work, "people.invite", actor, person, clock, roles=sorted(new.roles))
    return Invited(person, token)


def invite_again(database: Database, email: str, actor: Actor, clock: Clock) -> Invited:
    """Let somebody choose a new password and telephone; the old are good no more.

    Raises NotFound.
    """
    with database.work() as work:
        person = People(work, actor.organisation_id).named(email)
        token = invite(work, person.id, clock.now())
        _record(work, "people.invite_again", actor, person, clock)
    return Invited(person, token)


def give_roles(
    database: Database, email: str, roles: Iterable[Role], actor: Actor, clock: Clock
) -> None:
    """Let somebody be these and nothing else.

    Raises NotFound; Conflict where no owner would be left who can sign in.
    """
    wanted = frozenset(roles)
    with database.work() as work:
        people = People(work, actor.organisation_id)
        person = people.named(email)
        people.give(person.id, wanted)
        _record(work, "people.roles", actor, person, clock, roles=sorted(wanted))


def remove_person(database: Database, email: str, actor: Actor, clock: Clock) -> None:
    """Let somebody in no more, from this moment on.

    Raises NotFound; Conflict where no owner would be left who can sign in.
    """
    with database.work() as work:
        people = People(work, actor.organisation_id)
        person = people.named(email)
        people.remove(person.id, clock.now())
        _record(work, "people.remove", actor, person, clock)


def accept_invitation(
    database: Database, token: str, chosen: Chosen, key: AccessKey, clock: Clock
) -> tuple[Session, tuple[str, ...]]:
    """Somebody has chosen, and is signed in; their recovery codes. Raises Denied, Invalid."""
    now = clock.now()
    hashed = hash_chosen(database, token, chosen, now)
    with database.work() as work:
        person, codes = accept(work, token, chosen, hashed, key, now)
        session = begin_session(work, person, now)
        _record(work, "people.accept", person.actor, person, clock)
    return session, codes


def sign_out(database: Database, session: Session, clock: Clock, *, everywhere: bool) -> None:
    """The session's token is good no more; with `everywhere`, no other of the person's either."""
    with database.work() as work:
        end_session(work, session.token)
        if everywhere:
            end_sessions(work, PersonId(session.person.id))
        _record(
            work, "people.sign_out", session.person.actor, session.person, clock,
            everywhere=everywhere,
        )  # fmt: skip


def renew_recovery_codes(
    database: Database, given: Given, key: AccessKey, clock: Clock
) -> tuple[str, ...]:
    """New codes in the place of all earlier, for who proves to be the person. Raises Denied."""
    return prove(
        database, given, key, clock, action="people.recovery_codes",
        then=lambda work, person, _: new_recovery_codes(work, person.id),
    )  # fmt: skip


def change_language(database: Database, person: Person, language: Language) -> None:
    """Have all pages in it from now on."""
    with database.work() as work:
        People(work, person.organisation_id).speak(person.id, language)


def _record(
    work: Work, action: str, actor: Actor, person: Person, clock: Clock, **detail: object
) -> None:
    record(
        work, actor.organisation_id, actor=actor.name, action=action,
        subject=f"person:{person.id}", now=clock.now(), detail=detail,
    )  # fmt: skip
