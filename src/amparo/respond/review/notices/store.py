"""Notices on record: taken in, listed by their clocks, answered once."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, String, and_, cast, insert, or_, select, update

from amparo.access.people.secrets import AccessKey
from amparo.core.errors import Conflict, NotFound
from amparo.core.ids import OrganisationId, new_id
from amparo.db import Work
from amparo.respond.review.notices.model import (
    Answer,
    Hash,
    NewNotice,
    Notice,
    NoticeId,
    NoticeKind,
    Outcome,
    Sender,
    Told,
)
from amparo.respond.review.notices.numbers import new_number
from amparo.respond.review.notices.tables import NoticeRow

KEPT = timedelta(days=180)
"""So long after the answer it is known who told, and in what words."""

_OVERDUE_AT_A_TIME = 1000


class Notices:
    """An organisation's notices, as one unit of work sees them."""

    def __init__(self, work: Work, organisation: OrganisationId) -> None:
        self._work = work
        self._organisation = organisation

    def add(
        self,
        new: NewNotice,
        *,
        hashes: Sequence[Hash],
        held_as: str | None,
        key: AccessKey,
        actor: str,
        now: datetime,
    ) -> Notice:
        """Take one in; its clock runs from now."""
        number = new_number()
        told = {
            "urls": new.urls,
            "explanation": new.explanation,
            "contact": new.contact,
            "signature": new.signature,
        }
        self._work.execute(
            insert(NoticeRow).values(
                id=new_id(),
                organisation_id=self._organisation,
                number=number,
                kind=new.kind.value,
                sender=new.sender.value,
                is_signed=new.is_signed,
                language=new.language,
                received_at=now,
                received_by=actor,
                due_at=new.due_at(now),
                urls=[],
                explanation="",
                sender_sealed=key.seal(json.dumps(told).encode()),
                hashes=[list(each) for each in hashes],
                held_as=held_as,
                overdue_told=False,
            )
        )
        return self.get(number)

    def get(self, number: str) -> Notice:
        """Raises NotFound."""
        return _notice_of(self._row(number))

    def told(self, number: str, key: AccessKey) -> Told:
        """All that somebody told. Raises NotFound."""
        row = self._row(number)
        sealed = row["sender_sealed"]
        told = json.loads(key.open(sealed)) if sealed is not None else {}
        return Told(
            notice=_notice_of(row),
            urls=tuple(told.get("urls", row["urls"])),
            explanation=told.get("explanation", row["explanation"]),
            contact=told.get("contact", ""),
            signature=told.get("signature", ""),
            hashes=tuple(tuple(each) for each in row["hashes"]),
            held_as=row["held_as"],
        )

    def waiting(self, limit: int) -> tuple[Notice, ...]:
        """Those that are not answered, the one that is due first first."""
        return self._some(
            NoticeRow.answered_at.is_(None), NoticeRow.due_at.asc(), NoticeRow.id.asc(), limit
        )

    def answered(self, limit: int) -> tuple[Notice, ...]:
        """Those that are answered, the newest answer first."""
        return self._some(
            NoticeRow.answered_at.is_not(None),
            NoticeRow.answered_at.desc(),
            NoticeRow.id.desc(),
            limit,
        )

    def answer(
        self, number: str, outcome: Outcome, why: str, *, actor: str, now: datetime
    ) -> Notice:
        """Say what was done. Raises NotFound; Conflict where somebody has said so."""
        done = self._work.execute(
            update(NoticeRow)
            .where(self._is(number), NoticeRow.answered_at.is_(None))
            .values(outcome=outcome.value, why=why, answered_at=now, answered_by=actor)
        )
        if not done.rowcount:
            self._row(number)
            raise Conflict("This notice was answered already.")
        return self.get(number)

    def _some(
        self, condition: ColumnElement[bool], first: Any, then: Any, limit: int
    ) -> tuple[Notice, ...]:
        rows = self._work.execute(
            select(NoticeRow.__table__)
            .where(NoticeRow.organisation_id == self._organisation, condition)
            .order_by(first, then)
            .limit(limit)
        )
        return tuple(_notice_of(row) for row in rows.mappings())

    def _row(self, number: str) -> RowMapping:
        row = (
            self._work.execute(select(NoticeRow.__table__).where(self._is(number)))
            .mappings()
            .one_or_none()
        )
        if row is None:
            raise NotFound("There is no such notice.")
        return row

    def _is(self, number: str) -> ColumnElement[bool]:
        return (NoticeRow.organisation_id == self._organisation) & (NoticeRow.number == number)


def find(work: Work, number: str) -> Notice:
    """For whoever has shown the secret, whichever organisation's it is. Raises NotFound."""
    row = (
        work.execute(select(NoticeRow.__table__).where(NoticeRow.number == number))
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound("There is no notice with this number and secret.")
    return _notice_of(row)


def newly_overdue(work: Work, now: datetime) -> tuple[Notice, ...]:
    """Those whose time has passed since somebody was last told of such; no more than a thousand."""
    late = and_(
        NoticeRow.answered_at.is_(None),
        NoticeRow.due_at < now,
        NoticeRow.overdue_told.is_(False),
    )
    some = select(NoticeRow.id).where(late).order_by(NoticeRow.id).limit(_OVERDUE_AT_A_TIME)
    rows = work.execute(
        update(NoticeRow)
        .where(late, NoticeRow.id.in_(some))
        .values(overdue_told=True)
        .returning(*NoticeRow.__table__.columns)
    )
    return tuple(sorted((_notice_of(row) for row in rows.mappings()), key=lambda each: each.id))


def forget_who_told(work: Work, now: datetime) -> None:
    """Forget all that was told, long after the answer, and the file; numbers and outcomes stay."""
    something = or_(
        NoticeRow.sender_sealed.is_not(None),
        NoticeRow.held_as.is_not(None),
        NoticeRow.explanation != "",
        cast(NoticeRow.urls, String) != "[]",
    )
    work.execute(
        update(NoticeRow)
        .where(NoticeRow.answered_at < now - KEPT, something)
        .values(explanation="", urls=[], sender_sealed=None, hashes=[], held_as=None)
    )


def _notice_of(columns: RowMapping) -> Notice:
    answered_at = columns["answered_at"]
    return Notice(
        id=NoticeId(columns["id"]),
        organisation_id=OrganisationId(columns["organisation_id"]),
        number=columns["number"],
        kind=NoticeKind(columns["kind"]),
        sender=Sender(columns["sender"]),
        is_signed=columns["is_signed"],
        language=columns["language"],
        received_at=columns["received_at"],
        due_at=columns["due_at"],
        received_by=columns["received_by"],
        answer=None
        if answered_at is None
        else Answer(
            Outcome(columns["outcome"]), columns["why"], answered_at, columns["answered_by"]
        ),
    )
