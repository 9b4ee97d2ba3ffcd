"""The same call made twice is one call: its key is reserved first, and its answer kept a day."""

import hashlib
import json
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, LargeBinary, String, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from amparo.core.errors import Conflict, Invalid, Unavailable
from amparo.core.ids import OrganisationId
from amparo.db import Database, Work
from amparo.db.tables import Row, UtcTime

LEASE = timedelta(seconds=120)
"""A call that has not ended by then was lost with its process."""

KEPT = timedelta(hours=24)
_MOST_UNRELEASED = 10_000


class RepeatRow(Row):
    """A call by its key; it has an answer from the moment in which what it did is on record."""

    __tablename__ = "idempotency_keys"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    reserved_at: Mapped[datetime] = mapped_column(UtcTime)
    answer: Mapped[dict[str, object] | None] = mapped_column(JSON(none_as_null=True))


class AtWork(Conflict):
    """Another call with the same key is being answered; ask again in a moment."""

    code = "at_work"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that may be made again. `key` is the caller's, None where the caller gave none."""

    organisation_id: OrganisationId
    key: str | None
    request_sha256: bytes


def digest_of_request(*parts: bytes) -> bytes:
    """What tells one request from another."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def reserve(database: Database, call: Call, now: datetime) -> dict[str, object] | None:
    """Take the key before anything is done; the answer where all was done already.

    Raises Invalid where the key was used for another request, AtWork while the first call with it
    may still be.
    """
    if call.key is None:
        return None
    try:
        with database.work() as work:
            _forget_lost(work, call, now)
            work.execute(
                insert(RepeatRow).values(
                    organisation_id=call.organisation_id,
                    key=call.key,
                    request_sha256=call.request_sha256,
                    reserved_at=now,
                )
            )
    except IntegrityError:
        return _answer(database, call)
    return None


def release(database: Database, call: Call) -> None:
    """Let the key be used again: nothing was done."""
    if call.key is not None:
        with database.work() as work:
            work.execute(delete(RepeatRow).where(_of(call), RepeatRow.answer.is_(None)))


class Unreleased:
    """Calls of this process in which nothing was done, and whose keys could not be let go of."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=_MOST_UNRELEASED)

    def let_go(self, database: Database, call: Call) -> None:
        """Now, or later where that cannot be: the lease would end by itself, but after minutes."""
        try:
            release(database, call)
        except Unavailable:
            self._calls.append(call)

    def release(self, database: Database) -> None:
        """Let go of all. Raises Unavailable; the rest is let go of later."""
        while self._calls:
            call = self._calls.popleft()
            try:
                release(database, call)
            except Unavailable:
                self._calls.appendleft(call)
                raise


def keep(work: Work, call: Call, answer: dict[str, object]) -> None:
    """Keep the answer, with what was done. Raises AtWork where the key is no longer ours."""
    if call.key is None:
        return
    kept = work.execute(
        update(RepeatRow)
        .where(_of(call), RepeatRow.answer.is_(None))
        .values(answer=json.loads(json.dumps(answer)))
    )
    if not kept.rowcount:
        raise AtWork("This call took so long that another took its place.")


def forget_old(work: Work, now: datetime) -> None:
    """Forget all answers that were kept long enough."""
    work.execute(delete(RepeatRow).where(RepeatRow.reserved_at < now - KEPT))


def _forget_lost(work: Work, call: Call, now: datetime) -> None:
    lost = RepeatRow.answer.is_(None) & (RepeatRow.reserved_at < now - LEASE)
    old = RepeatRow.reserved_at < now - KEPT
    work.execute(delete(RepeatRow).where(_of(call), lost | old))


def _answer(database: Database, call: Call) -> dict[str, object]:
    with database.reading() as work:
        found = work.execute(
            select(RepeatRow.request_sha256, RepeatRow.answer).where(_of(call))
        ).one_or_none()
    if found is None or (found.answer is None and found.request_sha256 == call.request_sha256):
        raise AtWork("A call with this Idempotency-Key is at work; ask again in a moment.")
    if found.request_sha256 != call.request_sha256:
        raise Invalid("This Idempotency-Key was used for another request.", code="key_reused")
    assert found.answer is not None
    return dict(found.answer)


def _of(call: Call) -> ColumnElement[bool]:
    return (RepeatRow.organisation_id == call.organisation_id) & (RepeatRow.key == call.key)
