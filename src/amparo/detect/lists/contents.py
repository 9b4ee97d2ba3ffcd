"""Contents of banks: signals that belong together under one number, which stays when they change.

A content is disabled by signals that count only from a time on, in the place of those that counted:
it ends by itself, on every host, whether or not anything runs then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update

from amparo.core.errors import NotFound
from amparo.core.ids import SignalNumber
from amparo.db import Work
from amparo.detect.lists.model import Change, Signal, SignalList, StoredSignal
from amparo.detect.lists.negative import check_signals
from amparo.detect.lists.store import begin_change, is_live, row_of, signal_of
from amparo.detect.lists.tables import ChangeRow, ContentRow, SignalRow

ENABLED = 1
"""What HMA says of a content that nobody has disabled."""


@dataclass(frozen=True, slots=True, repr=False)
class Content:
    """A content: its live signals, and what was said of it."""

    id: int
    signals: tuple[StoredSignal, ...]
    disable_until_ts: int = ENABLED
    note: str | None = None
    said: Mapping[str, Any] | None = None


def add_content(
    work: Work, to: SignalList, signals: Sequence[Signal], said: Content, *, actor: str,
    now: datetime,
) -> Content:  # fmt: skip
    """Add signals as one new content, beside whatever the list has of the same hashes.

    Of `said`, note and metadata are kept. Raises Invalid as `Lists.add` does.
    """
    check_signals(to.kind, signals)
    change = begin_change(work, to, actor, now)
    content_id: int | None = None
    for signal in signals:
        number = _insert(work, change, StoredSignal(SignalNumber(0), to.number, 0, signal,
                                                    content_id))  # fmt: skip
        content_id = number if content_id is None else content_id
    assert content_id is not None
    if said.note is not None or said.said is not None:
        put_said(work, to, replace(said, id=content_id))
    return get_content(work, to, content_id)


def get_content(work: Work, of: SignalList, content_id: int) -> Content:
    """A content with live signals. Raises NotFound."""
    rows = work.execute(
        select(SignalRow.__table__, ChangeRow.revision)
        .join(ChangeRow, ChangeRow.number == SignalRow.added_by)
        .where(
            SignalRow.list_number == of.number,
            or_(
                SignalRow.content == content_id,
                (SignalRow.number == content_id) & SignalRow.content.is_(None),
            ),
            is_live(),
        )
        .order_by(SignalRow.number)
    )
    signals = tuple(signal_of(row) for row in rows.mappings())
    if not signals:
        raise NotFound(f"There is no content {content_id} in the list {of.name!r}.")
    found = work.execute(select(ContentRow.__table__).where(ContentRow.id == content_id)).mappings()
    row = found.one_or_none()
    if row is None:
        return Content(content_id, signals)
    return Content(content_id, signals, row["disable_until_ts"], row["note"], row["said"])


def put_said(work: Work, of: SignalList, content: Content) -> None:
    """Keep what was said of a content."""
    values = {
        "disable_until_ts": content.disable_until_ts,
        "note": content.note,
        "said": None if content.said is None else dict(content.said),
    }
    changed = work.execute(update(ContentRow).where(ContentRow.id == content.id).values(**values))
    if not changed.rowcount:
        work.execute(insert(ContentRow).values(id=content.id, list_number=of.number, **values))


def disable(
    work: Work, of: SignalList, content: Content, until_ts: int, *, actor: str, now: datetime
) -> Change | None:
    """Have a content count only from a time on; None where it does so already.

    A time that has passed enables it.
    """
    until = datetime.fromtimestamp(until_ts, UTC)
    not_before = until if until > now else None
    changing = [
        each
        for each in content.signals
        if each.not_before != until
        and (not_before is not None or not (each.not_before is None or each.not_before <= now))
    ]
    if not changing:
        return None
    change = begin_change(work, of, actor, now)
    _withdraw(work, change, changing)
    for each in changing:
        _insert(work, change, replace(each, content=content.id, not_before=not_before))
    return change


def withdraw_content(
    work: Work, of: SignalList, content: Content, *, actor: str, now: datetime
) -> Change:
    """Withdraw all of its signals, and forget what was said of it."""
    change = begin_change(work, of, actor, now)
    _withdraw(work, change, content.signals)
    work.execute(delete(ContentRow).where(ContentRow.id == content.id))
    return change


def counts(work: Work, of: SignalList, revision: int) -> dict[str, int]:
    """How many signals the list had as of a revision, by algorithm."""
    adding, removing = ChangeRow.__table__.alias(), ChangeRow.__table__.alias()
    rows = work.execute(
        select(SignalRow.algorithm, func.count())
        .join(adding, adding.c.number == SignalRow.added_by)
        .outerjoin(removing, removing.c.number == SignalRow.withdrawn_by)
        .where(
            SignalRow.list_number == of.number,
            adding.c.revision <= revision,
            or_(removing.c.revision.is_(None), removing.c.revision > revision),
        )
        .group_by(SignalRow.algorithm)
    )
    return {algorithm: int(count) for algorithm, count in rows}


def changed_at(work: Work, of: SignalList, revision: int) -> datetime | None:
    """When the list got a revision; None where it is none of its revisions."""
    return work.execute(
        select(ChangeRow.alive_at).where(
            ChangeRow.list_number == of.number, ChangeRow.revision == revision
        )
    ).scalar()


def _withdraw(work: Work, change: Change, signals: Sequence[StoredSignal]) -> None:
    work.execute(
        update(SignalRow)
        .where(SignalRow.number.in_([each.number for each in signals]))
        .values(withdrawn_by=change.number)
    )


def _insert(work: Work, change: Change, one: StoredSignal) -> int:
    columns = row_of(one.signal, one.list_number, change.number)
    return work.execute(
        insert(SignalRow)
        .values(**columns, content=one.content, not_before=one.not_before)
        .returning(SignalRow.number)
    ).scalar_one()
