"""Lists and their signals on record. Every change gets the list's next revision.

A revision is taken from the list's own row in the writer's transaction, so that two writers of a
list come one after the other: a reader that asks for what came after a revision misses nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, aliased

from amparo.core.errors import Conflict, NotFound
from amparo.core.ids import ListId, OrganisationId, SignalNumber, new_id
from amparo.db import Work
from amparo.db.ready import Ready
from amparo.detect.hashing.model import NAMES
from amparo.detect.hashing.plug_ins import algorithm_on_record
from amparo.detect.lists.model import (
    Change,
    Contract,
    ListKind,
    NewList,
    Signal,
    SignalList,
    StoredSignal,
    Subject,
    VideoRule,
)
from amparo.detect.lists.negative import check_signals, radius_of
from amparo.detect.lists.tables import ChangeRow, ListRow, SignalRow

T = TypeVar("T")

VALUES_AT_A_TIME = 500


_UNREAD = Ready(select(ListRow.__table__).order_by(ListRow.number))


class Lists:
    """The lists of all organisations, as one unit of work sees them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def create(self, new: NewList, organisation: OrganisationId, now: datetime) -> SignalList:
        """A new list without signals.

        Raises Conflict where the organisation has that name, Invalid where a negative list is wide.
        """
        radius_bits = radius_of(new)
        list_id = new_id()
        try:
            self._work.execute(
                insert(ListRow).values(
                    id=list_id,
                    organisation_id=organisation,
                    name=new.name,
                    kind=new.kind.value,
                    subject=new.subject.value,
                    radius_bits=radius_bits,
                    minimum_quality=new.minimum_quality,
                    contract=asdict(new.contract),
                    radii=dict(new.radii),
                    revision=0,
                    created_at=now,
                    enabled_share=new.enabled_share,
                    video_rules=[
                        [each.query_percent, each.listed_percent] for each in new.video_rules
                    ],
                )
            )
        except IntegrityError as error:
            raise Conflict(f"There is a list {new.name!r} already.") from error
        return self._one(ListRow.id == list_id, new.name)

    def get(self, organisation: OrganisationId, name: str) -> SignalList:
        """The organisation's list of that name. Raises NotFound."""
        of_it = and_(ListRow.organisation_id == organisation, ListRow.name == name)
        return self._one(of_it, name)

    def all(self, organisation: OrganisationId | None = None) -> tuple[SignalList, ...]:
        """The lists of an organisation by name; or all that there ever were."""
        asked = select(ListRow.__table__).order_by(ListRow.name)
        if organisation is not None:
            asked = asked.where(
                ListRow.organisation_id == organisation, ListRow.removed_at.is_(None)
            )
        return tuple(_list_of(row) for row in self._work.execute(asked).mappings())

    def unread(self) -> list[tuple[Any, ...]]:
        """What is on record of all lists: the same as before where none of them has changed."""
        return _UNREAD.rows(self._work, {})

    def alone(self, organisation: OrganisationId, name: str) -> SignalList:
        """The same, after other writers of the list and until `work` has ended. Raises NotFound."""
        of = self.get(organisation, name)
        same = update(ListRow).where(ListRow.number == of.number).values(revision=ListRow.revision)
        self._work.execute(same)
        return self.get(organisation, name)

    def add(
        self, to: SignalList, signals: Sequence[Signal], *, actor: str, now: datetime
    ) -> tuple[Change, tuple[SignalNumber, ...]]:
        """Add signals, replacing those of the same hash; the change and the signals' numbers.

        Raises Invalid where one of a negative list has no reason or no end.
        """
        check_signals(to.kind, signals)
        change = begin_change(self._work, to, actor, now)
        self._work.execute(
            update(SignalRow)
            .where(SignalRow.number.in_([old.number for old in self._same(to, signals)]))
            .values(withdrawn_by=change.number)
        )
        added = self._work.execute(
            insert(SignalRow).returning(SignalRow.number, sort_by_parameter_order=True),
            [row_of(signal, to.number, change.number) for signal in signals],
        )
        return change, tuple(SignalNumber(number) for number in added.scalars())

    def withdraw(
        self, of: SignalList, numbers: Sequence[SignalNumber], *, actor: str, now: datetime
    ) -> Change:
        """Withdraw signals. Raises NotFound where one is not on the list, or not any more."""
        change = begin_change(self._work, of, actor, now)
        for some in _portions(numbers):
            gone = self._work.execute(
                update(SignalRow)
                .where(
                    SignalRow.number.in_(some),
                    SignalRow.list_number == of.number,
                    is_live(),
                )
                .values(withdrawn_by=change.number)
            )
            if gone.rowcount != len(some):
                raise NotFound(f"Not all of these signals are on the list {of.name!r}.")
        return change

    def changes(self, of: SignalList, *, after: int, limit: int) -> tuple[Change, ...]:
        """What happened to a list after a revision, in order."""
        rows = self._work.execute(
            select(ChangeRow.number, ChangeRow.revision)
            .where(ChangeRow.list_number == of.number, ChangeRow.revision > after)
            .order_by(ChangeRow.revision)
            .limit(limit)
        )
        return tuple(Change(number, of.number, revision or 0) for number, revision in rows)

    def added(self, by: Change, *, after: int, limit: int) -> tuple[StoredSignal, ...]:
        """Signals that a change added, with numbers above `after`, in order."""
        rows = self._work.execute(
            _signals()
            .where(SignalRow.added_by == by.number, SignalRow.number > after)
            .order_by(SignalRow.number)
            .limit(limit)
        )
        return tuple(signal_of(row) for row in rows.mappings())

    def withdrawn(self, by: Change, *, after: int, limit: int) -> tuple[SignalNumber, ...]:
        """Numbers above `after` of signals that a change withdrew, in order."""
        rows = self._work.execute(
            select(SignalRow.number)
            .where(SignalRow.withdrawn_by == by.number, SignalRow.number > after)
            .order_by(SignalRow.number)
            .limit(limit)
        )
        return tuple(SignalNumber(number) for number in rows.scalars())

    def live(self, of: SignalList, *, after: int, limit: int) -> tuple[StoredSignal, ...]:
        """The list's signals as it is now, with numbers above `after`, in order."""
        rows = self._work.execute(
            _signals()
            .where(SignalRow.list_number == of.number, SignalRow.number > after, is_live())
            .order_by(SignalRow.number)
            .limit(limit)
        )
        return tuple(signal_of(row) for row in rows.mappings())

    def count(self, of: SignalList) -> int:
        """How many signals the list has now."""
        asked = select(func.count()).where(SignalRow.list_number == of.number, is_live())
        return self._work.execute(asked).scalar_one()

    def _one(self, condition: ColumnElement[bool], name: str) -> SignalList:
        found = self._work.execute(select(ListRow.__table__).where(condition)).mappings()
        row = found.one_or_none()
        if row is None:
            raise NotFound(f"There is no list {name!r}.")
        return _list_of(row)

    def _same(self, to: SignalList, signals: Sequence[Signal]) -> Iterator[StoredSignal]:
        return same_values(self._work, to.number, signals)


def begin_change(work: Work, of: SignalList, actor: str, now: datetime) -> Change:
    """A change of a list, which everybody sees when `work` has ended."""
    revision = next_revision(work, of.number)
    number = work.execute(
        insert(ChangeRow)
        .values(list_number=of.number, revision=revision, began_at=now, alive_at=now, actor=actor)
        .returning(ChangeRow.number)
    ).scalar_one()
    return Change(number, of.number, revision)


def next_revision(work: Work, list_number: int) -> int:
    """Count the list's revision up; other writers of the list wait until `work` has ended."""
    return work.execute(
        update(ListRow)
        .where(ListRow.number == list_number)
        .values(revision=ListRow.revision + 1)
        .returning(ListRow.revision)
    ).scalar_one()


def same_values(work: Work, list_number: int, signals: Iterable[Signal]) -> Iterator[StoredSignal]:
    """The list's live signals of the same hashes as `signals`."""
    wanted = {(signal.algorithm, signal.value) for signal in signals}
    for some in _portions([bytes.fromhex(value) for _, value in wanted]):
        rows = work.execute(
            _signals().where(
                SignalRow.value.in_(some), SignalRow.list_number == list_number, is_live()
            )
        )
        for row in rows.mappings():
            known = signal_of(row)
            if (known.signal.algorithm, known.signal.value) in wanted:
                yield known


def _signals() -> Select[Any]:
    """Signals with the revision that added them."""
    return select(SignalRow.__table__, ChangeRow.revision).join(
        ChangeRow, ChangeRow.number == SignalRow.added_by
    )


def is_live() -> ColumnElement[bool]:
    """Whether a signal was published and not withdrawn by something published.

    Not with EXISTS, of which PostgreSQL makes joins, and believes that hardly a row is left: then
    it sorts all of a long list for each page of it.
    """
    stays = or_(SignalRow.withdrawn_by.is_(None), _revision_of(SignalRow.withdrawn_by).is_(None))
    return and_(is_published(), stays)


def is_published() -> ColumnElement[bool]:
    """Whether a signal was ever seen by anybody, withdrawn or not."""
    return _revision_of(SignalRow.added_by).is_not(None)


def is_withdrawn() -> ColumnElement[bool]:
    """Whether something published has withdrawn a signal."""
    return and_(
        SignalRow.withdrawn_by.is_not(None), _revision_of(SignalRow.withdrawn_by).is_not(None)
    )


def _revision_of(change: InstrumentedAttribute[Any]) -> ColumnElement[int | None]:
    """None where it was not published, or there is none."""
    changes = aliased(ChangeRow)
    return select(changes.revision).where(changes.number == change).scalar_subquery()


def row_of(signal: Signal, list_number: int, added_by: int) -> dict[str, object]:
    """The columns of a signal."""
    return {
        "list_number": list_number,
        "algorithm": signal.algorithm.value,
        "value": bytes.fromhex(signal.value),
        "source_id": signal.id,
        "quality": signal.quality,
        "source": signal.source,
        "labels": list(signal.labels),
        "classification": signal.classification,
        "confidence": signal.confidence,
        "expires": signal.expires,
        "enabled_share": signal.enabled_share,
        "note": signal.note,
        "text": kept_text(signal),
        "added_by": added_by,
    }


def kept_text(signal: Signal) -> str:
    """What of it is put on record. Raises ValueError where that would be a name in clear."""
    if signal.algorithm in NAMES and signal.text:
        raise ValueError("A name is sealed before it is put on record.")
    return signal.text


def signal_of(columns: RowMapping) -> StoredSignal:
    """A signal from its columns."""
    return StoredSignal(
        SignalNumber(columns["number"]),
        columns["list_number"],
        columns["revision"] or 0,
        Signal(
            id=columns["source_id"],
            algorithm=algorithm_on_record(columns["algorithm"], len(columns["value"])),
            value=columns["value"].hex(),
            quality=columns["quality"],
            source=columns["source"],
            labels=tuple(columns["labels"]),
            classification=columns["classification"],
            confidence=columns["confidence"],
            expires=columns["expires"],
            enabled_share=columns["enabled_share"],
            note=columns["note"],
            text=columns["text"],
        ),
        columns["content"],
        columns["not_before"],
    )


def _list_of(columns: RowMapping) -> SignalList:
    contract = columns["contract"]
    return SignalList(
        id=ListId(columns["id"]),
        organisation_id=OrganisationId(columns["organisation_id"]),
        number=columns["number"],
        name=columns["name"],
        kind=ListKind(columns["kind"]),
        subject=Subject(columns["subject"]),
        radius_bits=columns["radius_bits"],
        minimum_quality=columns["minimum_quality"],
        contract=Contract(**{**contract, "territory": tuple(contract["territory"])}),
        revision=columns["revision"],
        radii=columns["radii"],
        enabled_share=columns["enabled_share"],
        removed=columns["removed_at"] is not None,
        video_rules=tuple(VideoRule(*each) for each in columns["video_rules"]),
    )


def _portions(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """A statement takes only so many values."""
    for first in range(0, len(values), VALUES_AT_A_TIME):
        yield values[first : first + VALUES_AT_A_TIME]
