"""Sign in: by password and code in one step, which tells nobody which of them was wrong."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import RowMapping, Select, delete, select, update

from amparo.access.audit import record
from amparo.access.people.attempts import Trier, count_attempt, count_success, touch_attempts
from amparo.access.people.codes import use_code
from amparo.access.people.known_browsers import known_browser
from amparo.access.people.model import Given, Person, Session
from amparo.access.people.passwords import is_right
from amparo.access.people.secrets import AccessKey
from amparo.access.people.sessions import begin_session
from amparo.access.people.store import person_of
from amparo.access.people.tables import InvitationRow, PersonRow
from amparo.core.clock import Clock
from amparo.core.errors import Denied
from amparo.db import Database, Work

T = TypeVar("T")


def sign_in(database: Database, given: Given, key: AccessKey, clock: Clock) -> Session:
    """Raises Denied in the same words and after the same time, whatever was wrong."""
    return prove(database, given, key, clock, action="people.sign_in", then=begin_session)


def prove(
    database: Database,
    given: Given,
    key: AccessKey,
    clock: Clock,
    *,
    action: str,
    then: Callable[[Work, Person, datetime], T],
) -> T:
    """What `then` comes to, for somebody who has proven who they are. Raises Denied."""
    now = clock.now()
    trier = Trier(given.email, given.address, known_browser(given.email, given.browser, key))
    count_attempt(database, trier, now)
    with database.reading() as work:
        row = work.execute(_known(given.email)).mappings().one_or_none()
    kept = None if row is None else row["password_hash"]
    proven = kept if is_right(given.password, kept) else None
    with database.work() as work:
        person = _proven(work, proven, given, trier, key, now, action)
        if person is not None:
            return then(work, person, now)
    raise Denied("That is not right: address, password or code.", code="sign_in_refused")


def sign_in_by_provider(
    database: Database, issuer: str, subject: str, email: str, clock: Clock
) -> Session:
    """Sign in whoever a provider vouches for: by its own name, or by the address who is invited.

    Raises Denied where nobody was invited whom it names, or where they have a password: whoever can
    set an address at the provider must not come in as somebody who has shown more than that.
    """
    now = clock.now()
    with database.work() as work:
        row = _vouched_for(work, issuer, subject, email)
        person = person_of(row)
        good = row["issuer"] is not None or person.active_since is None
        record(
            work, person.organisation_id, actor=f"person:{person.id}" if good else "unknown",
            action="people.sign_in" if good else "people.sign_in_refused",
            subject=f"person:{person.id}", now=now, detail={"by": "provider"},
        )  # fmt: skip
        if good:
            _link(work, person, issuer, subject, now)
            return begin_session(work, person, now)
    raise Denied(
        "You sign in with a password here. To come by the provider from now on, ask an owner for "
        "`amparo people invite-again`, and then begin with the provider.",
        code="provider_not_linked",
    )


def _known(email: str) -> Select[Any]:
    return select(PersonRow.__table__).where(
        PersonRow.email == email.strip().lower(), PersonRow.removed_at.is_(None)
    )


def _proven(
    work: Work,
    proven: str | None,
    given: Given,
    trier: Trier,
    key: AccessKey,
    now: datetime,
    action: str,
) -> Person | None:
    """The person where all was right; the record says what was tried.

    `proven` is the hash that the password was held against, which took its time: whoever was
    invited again or removed meanwhile is not let in by what was right before.
    """
    row = work.execute(_known(given.email).with_for_update()).mappings().one_or_none()
    if row is None:
        touch_attempts(work, trier)  # so that this takes as long
        return None
    person = person_of(row)
    right = proven is not None and proven == row["password_hash"]
    good = right and use_code(work, person.id, row["totp_sealed"], given.code, key, now)
    record(
        work, person.organisation_id, actor=f"person:{person.id}" if good else "unknown",
        action=action if good else f"{action}_refused", subject=f"person:{person.id}", now=now,
    )  # fmt: skip
    if good:
        count_success(work, trier)
    return person if good else None


def _vouched_for(work: Work, issuer: str, subject: str, email: str) -> RowMapping:
    there = PersonRow.removed_at.is_(None)
    for condition in (
        (PersonRow.issuer == issuer) & (PersonRow.subject == subject),
        PersonRow.issuer.is_(None) & (PersonRow.email == email.strip().lower()),
    ):
        row = (
            work.execute(select(PersonRow.__table__).where(there, condition).with_for_update())
            .mappings()
            .one_or_none()
        )
        if row is not None:
            return row
    raise Denied("Nobody was invited by that address; ask for it.", code="not_invited")


def _link(work: Work, person: Person, issuer: str, subject: str, now: datetime) -> None:
    """The provider's name is the person's from now on."""
    work.execute(
        update(PersonRow)
        .where(PersonRow.id == person.id)
        .values(issuer=issuer, subject=subject, active_since=person.active_since or now)
    )
    # Whoever comes by the provider needs no link, and nobody else shall use it.
    work.execute(delete(InvitationRow).where(InvitationRow.person_id == person.id))
