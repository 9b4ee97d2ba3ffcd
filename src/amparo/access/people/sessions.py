"""Sessions: a browser in which somebody is signed in, until they leave it or leave it alone."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from amparo.access.people.model import Person, PersonId, Session, SessionId
from amparo.access.people.store import person_of
from amparo.access.people.tables import PersonRow, SessionRow
from amparo.core.clock import Clock
from amparo.core.errors import Denied
from amparo.core.ids import new_id
from amparo.db import Database, Work

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
_NOTED_EVERY = timedelta(minutes=1)
_TOKEN_BYTES = 32


def begin_session(work: Work, person: Person, now: datetime) -> Session:
    """Somebody has signed in: always a new token, whatever the browser had before."""
    session, token = SessionId(new_id()), secrets.token_urlsafe(_TOKEN_BYTES)
    work.execute(
        insert(SessionRow).values(
            id=session, person_id=person.id, token_sha256=_digest(token), began_at=now, seen_at=now
        )
    )
    return Session(session, person, token)


def present_session(database: Database, token: str, clock: Clock) -> Session:
    """Whose it is. Raises Denied where it has ended."""
    now = clock.now()
    with database.reading() as work:
        row = (
            work.execute(
                select(
                    PersonRow.__table__,
                    SessionRow.id.label("session_id"),
                    SessionRow.seen_at,
                )
                .join(SessionRow, SessionRow.person_id == PersonRow.id)
                .where(
                    SessionRow.token_sha256 == _digest(token),
                    SessionRow.seen_at > now - IDLE,
                    SessionRow.began_at > now - LONGEST,
                    PersonRow.removed_at.is_(None),
                )
            )
            .mappings()
            .one_or_none()
        )
    if row is None:
        raise Denied("You are not signed in, or not any more.")
    if now - row["seen_at"] > _NOTED_EVERY:
        with database.work() as work:
            work.execute(
                update(SessionRow).where(SessionRow.id == row["session_id"]).values(seen_at=now)
            )
    return Session(SessionId(row["session_id"]), person_of(row), token)


def end_session(work: Work, token: str) -> None:
    """Its token is good no more, wherever it has got to."""
    work.execute(delete(SessionRow).where(SessionRow.token_sha256 == _digest(token)))


def end_sessions(work: Work, person: PersonId) -> None:
    """In all browsers."""
    work.execute(delete(SessionRow).where(SessionRow.person_id == person))


def sessions_of(work: Work, person: PersonId, now: datetime) -> int:
    """In how many browsers somebody is signed in."""
    good = (SessionRow.seen_at > now - IDLE) & (SessionRow.began_at > now - LONGEST)
    rows = work.execute(select(SessionRow.id).where(SessionRow.person_id == person, good))
    return len(rows.all())


def forget_sessions(work: Work, now: datetime) -> None:
    """Forget those that have ended by themselves."""
    ended = (SessionRow.seen_at < now - IDLE) | (SessionRow.began_at < now - LONGEST)
    work.execute(delete(SessionRow).where(ended))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
