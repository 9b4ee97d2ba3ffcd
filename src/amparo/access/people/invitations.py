"""Invitations: a link that somebody gets once, and by which they set a password and a telephone."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from amparo.access.people.codes import new_recovery_codes, step_of
from amparo.access.people.model import Person, PersonId
from amparo.access.people.passwords import hash_of
from amparo.access.people.secrets import AccessKey
from amparo.access.people.store import forget_secrets, person_of
from amparo.access.people.tables import InvitationRow, PersonRow
from amparo.core.errors import Denied, Invalid
from amparo.db import Database, Work

GOOD_FOR = timedelta(hours=72)
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True, repr=False)
class Chosen:
    """What somebody chooses: a password, and a telephone, which has shown a code of the secret."""

    password: str
    totp_secret: str
    code: str


def invite(work: Work, person: PersonId, now: datetime) -> str:
    """A token that is good once; whatever the person had to sign in with is good no more."""
    forget_secrets(work, person)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    work.execute(
        insert(InvitationRow).values(
            token_sha256=_digest(token), person_id=person, expires_at=now + GOOD_FOR
        )
    )
    return token


def invited(work: Work, token: str, now: datetime) -> Person:
    """Who is invited by a token. Raises Denied where it is not good, or not any more."""
    row = (
        work.execute(
            select(PersonRow.__table__)
            .join(InvitationRow, InvitationRow.person_id == PersonRow.id)
            .where(InvitationRow.token_sha256 == _digest(token), InvitationRow.expires_at > now)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise Denied(
            "This invitation is not good, or not any more; ask for another.", code="not_invited"
        )
    return person_of(row)


def hash_chosen(database: Database, token: str, chosen: Chosen, now: datetime) -> str:
    """What is kept of the password: before the transaction that keeps it, since it takes long.

    Raises Denied, Invalid.
    """
    with database.reading() as work:
        person = invited(work, token, now)
    return hash_of(chosen.password, person.email)


def accept(
    work: Work, token: str, chosen: Chosen, hashed: str, key: AccessKey, now: datetime
) -> tuple[Person, tuple[str, ...]]:
    """Let somebody sign in from now on; their recovery codes. Raises Denied, Invalid."""
    person = invited(work, token, now)
    step = step_of(chosen.totp_secret, chosen.code.strip(), now)
    if step is None:
        raise Invalid(
            "The telephone's code is another one; look whether its clock is right.",
            code="code_wrong",
        )
    # The person first, as whoever invites them again or removes them does.
    work.execute(select(PersonRow.id).where(PersonRow.id == person.id).with_for_update())
    used = work.execute(delete(InvitationRow).where(InvitationRow.token_sha256 == _digest(token)))
    if not used.rowcount:
        raise Denied("This invitation was used just now.", code="not_invited")
    work.execute(
        update(PersonRow)
        .where(PersonRow.id == person.id)
        .values(
            password_hash=hashed,
            totp_sealed=key.seal(chosen.totp_secret.encode()),
            totp_step=step,
            active_since=now,
        )
    )
    return person, new_recovery_codes(work, person.id)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
