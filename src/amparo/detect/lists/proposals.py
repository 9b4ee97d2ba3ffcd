"""Entries of negative lists wait until a second person confirms them; nobody sees them before.

A proposal is a change of the list without a revision: what it holds is written, and not published.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, tuple_, update
from sqlalchemy.orm import aliased

from amparo.core.errors import NotFound
from amparo.core.ids import OrganisationId, SignalNumber
from amparo.db import Work
from amparo.detect.lists.model import Change, Signal, SignalList, StoredSignal
from amparo.detect.lists.negative import check_signals
from amparo.detect.lists.store import Lists, is_live, next_revision, row_of
from amparo.detect.lists.tables import ChangeRow, ListRow, SignalRow


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants to add to a list; `signals` is how many."""

    number: int
    list_name: str
    proposed_at: datetime
    proposed_by: str
    signals: int


def propose(
    work: Work, to: SignalList, signals: Sequence[Signal], *, actor: str, now: datetime
) -> tuple[int, tuple[SignalNumber, ...]]:
    """Put signals before a second person; numbers of the proposal and of them. Raises Invalid."""
    check_signals(to.kind, signals)
    number = work.execute(
        insert(ChangeRow)
        .values(list_number=to.number, began_at=now, alive_at=now, proposed_at=now, actor=actor)
        .returning(ChangeRow.number)
    ).scalar_one()
    added = work.execute(
        insert(SignalRow).returning(SignalRow.number, sort_by_parameter_order=True),
        [row_of(signal, to.number, number) for signal in signals],
    )
    return number, tuple(SignalNumber(each) for each in added.scalars())


def proposals(work: Work, organisation: OrganisationId) -> tuple[Proposal, ...]:
    """What waits in the organisation's lists, the oldest first."""
    rows = work.execute(
        select(
            ChangeRow.number,
            ListRow.name,
            ChangeRow.proposed_at,
            ChangeRow.actor,
            select(func.count()).where(SignalRow.added_by == ChangeRow.number).scalar_subquery(),
        )
        .join(ListRow, ListRow.number == ChangeRow.list_number)
        .where(ListRow.organisation_id == organisation, ListRow.removed_at.is_(None), _waits())
        .order_by(ChangeRow.number)
    )
    return tuple(Proposal(*row) for row in rows)


def proposed(
    work: Work, of: SignalList, number: int, *, after: int, limit: int
) -> tuple[StoredSignal, ...]:
    """What a proposal holds, with numbers above `after`, in order. Raises NotFound."""
    proposer(work, of, number)
    return Lists(work).added(Change(number, of.number, 0), after=after, limit=limit)


def confirm(work: Work, of: SignalList, number: int, *, actor: str) -> Change:
    """Publish a proposal, which was agreed upon. Raises NotFound."""
    proposer(work, of, number)
    revision = next_revision(work, of.number)
    same, added = aliased(SignalRow), aliased(SignalRow)
    replaced = (
        select(same.number)
        .join(
            added,
            tuple_(added.list_number, added.algorithm, added.value)
            == tuple_(same.list_number, same.algorithm, same.value),
        )
        .where(added.added_by == number, same.added_by != number)
    )
    work.execute(
        update(SignalRow)
        .where(SignalRow.number.in_(replaced), is_live())
        .values(withdrawn_by=number)
    )
    work.execute(
        update(ChangeRow)
        .where(ChangeRow.number == number)
        .values(revision=revision, confirmed_by=actor)
    )
    return Change(number, of.number, revision)


def stand_by(work: Work, of: SignalList, number: int, *, actor: str) -> None:
    """From now on it is `actor` who proposes it. Raises NotFound."""
    proposer(work, of, number)
    work.execute(update(ChangeRow).where(ChangeRow.number == number).values(actor=actor))


def refuse(work: Work, of: SignalList, number: int) -> None:
    """Remove a proposal with all that it holds. Raises NotFound."""
    proposer(work, of, number)
    work.execute(
        update(SignalRow).where(SignalRow.withdrawn_by == number).values(withdrawn_by=None)
    )
    work.execute(delete(SignalRow).where(SignalRow.added_by == number))
    work.execute(delete(ChangeRow).where(ChangeRow.number == number))


def proposer(work: Work, of: SignalList, number: int) -> str:
    """Who has made a proposal that waits. Raises NotFound."""
    found = work.execute(
        select(ChangeRow.actor).where(
            ChangeRow.number == number, ChangeRow.list_number == of.number, _waits()
        )
    ).scalar()
    if found is None:
        raise NotFound(f"No proposal {number} waits in the list {of.name!r}.")
    return found


def _waits() -> ColumnElement[bool]:
    return and_(ChangeRow.revision.is_(None), ChangeRow.proposed_at.is_not(None))
