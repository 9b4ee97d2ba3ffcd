"""The flood guard: a signal that suddenly matches far more than ever before loses its consequences.

One false entry must not take a harmless picture down that everybody is passing on. What was held
stays held; people are told, and one of them ends it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, Index, String, Uuid, bindparam, delete, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from amparo.core.errors import NotFound
from amparo.core.ids import OrganisationId
from amparo.core.surge import HISTORY, hour_of, surge
from amparo.db import Work
from amparo.db.ready import Ready
from amparo.db.tables import Row, UtcTime

QUIET = timedelta(hours=24)
"""So long after a person has ended a flood the signal is left alone."""


class HourRow(Row):
    """How many uploads matched a signal in an hour, counted since 1970."""

    __tablename__ = "signal_hours"

    signal_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hour: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hits: Mapped[int]


class FloodRow(Row):
    """A signal whose consequences are suspended, until a person ends it."""

    __tablename__ = "floods"
    __table_args__ = (
        Index(
            "ix_floods_open",
            "signal_number",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    signal_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    began_at: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    organisation_id: Mapped[UUID]
    hits: Mapped[int]
    busiest_before: Mapped[int]
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_by: Mapped[str] = mapped_column(String(200), default="")


@dataclass(frozen=True, slots=True)
class Flood:
    """A flood: how often the signal matched of late, and in its busiest hour before."""

    signal: int
    began_at: datetime
    hits: int
    busiest_before: int


@dataclass(frozen=True, slots=True)
class Tide:
    """Of the signals that an upload matched: those in a flood, and those whose flood begins."""

    flooded: frozenset[int] = frozenset()
    beginning: tuple[Flood, ...] = ()


def tide(work: Work, signals: Sequence[int], now: datetime, floor: int) -> Tide:
    """How the signals stand that an upload has matched, this upload counted."""
    known: dict[int, datetime | None] = {}
    hours: dict[int, dict[int, int]] = {number: {hour_of(now): 1} for number in signals}
    after = hour_of(now - HISTORY)
    for number in hours:
        for (ended_at,) in _FLOODS_OF.rows(work, {"signal": number}):
            known[number] = ended_at
        for hour, hits in _HOURS_OF.rows(work, {"signal": number, "after": after}):
            hours[number][hour] = hours[number].get(hour, 0) + hits
    flooded = {number for number, ended_at in known.items() if ended_at is None}
    beginning = []
    for number in sorted(set(signals) - flooded):
        ended_at = known.get(number)
        found = surge(hours[number], hour_of(now), floor)
        if found is not None and (ended_at is None or now > ended_at + QUIET):
            beginning.append(Flood(number, now, *found))
    flooded |= {flood.signal for flood in beginning}
    return Tide(frozenset(flooded), tuple(beginning))


def count(work: Work, signals: Iterable[int], now: datetime) -> None:
    """One upload more for each signal, by number, so that no two writers wait for each other."""
    for number in sorted(set(signals)):
        _COUNT.run(work, {"signal": number, "hour": hour_of(now)})


def begin(work: Work, floods: Iterable[Flood], organisation: OrganisationId) -> tuple[Flood, ...]:
    """Put floods on record; those that no other upload has begun in the same moment."""
    begun = []
    for flood in floods:
        row = {
            "signal": flood.signal,
            "organisation": organisation,
            "began_at": flood.began_at,
            "hits": flood.hits,
            "busiest": flood.busiest_before,
        }
        if work.execute(_BEGIN, row).rowcount:
            begun.append(flood)
    return tuple(begun)


def floods(work: Work, organisation: OrganisationId) -> tuple[Flood, ...]:
    """The organisation's floods that nobody has ended."""
    rows = work.execute(
        select(FloodRow.signal_number, FloodRow.began_at, FloodRow.hits, FloodRow.busiest_before)
        .where(FloodRow.organisation_id == organisation, FloodRow.ended_at.is_(None))
        .order_by(FloodRow.began_at)
    )
    return tuple(Flood(*row) for row in rows)


def end(
    work: Work, signal: int, organisation: OrganisationId, *, actor: str, now: datetime
) -> None:
    """Let a signal have its consequences again. Raises NotFound where it is in no flood."""
    ended = work.execute(
        update(FloodRow)
        .where(
            FloodRow.signal_number == signal,
            FloodRow.organisation_id == organisation,
            FloodRow.ended_at.is_(None),
        )
        .values(ended_at=now, ended_by=actor)
    )
    if not ended.rowcount:
        raise NotFound(f"Signal {signal} is in no flood.")


def forget_hours(work: Work, now: datetime) -> None:
    """Forget counts that are older than the history that is looked at."""
    work.execute(delete(HourRow).where(HourRow.hour <= hour_of(now - HISTORY)))


_SIGNAL = bindparam("signal", type_=BigInteger())
_FLOODS_OF = Ready(
    select(FloodRow.ended_at).where(FloodRow.signal_number == _SIGNAL).order_by(FloodRow.began_at)
)
_HOURS_OF = Ready(
    select(HourRow.hour, HourRow.hits).where(
        HourRow.signal_number == _SIGNAL, HourRow.hour > bindparam("after", type_=BigInteger())
    )
)
_BEGIN = text(
    "INSERT INTO floods "
    "(signal_number, began_at, organisation_id, hits, busiest_before, ended_by) "
    "VALUES (:signal, :began_at, :organisation, :hits, :busiest, '') ON CONFLICT DO NOTHING"
).bindparams(bindparam("began_at", type_=UtcTime()), bindparam("organisation", type_=Uuid()))

_COUNT = Ready(
    text(
        "INSERT INTO signal_hours (signal_number, hour, hits) VALUES (:signal, :hour, 1) "
        "ON CONFLICT (signal_number, hour) DO UPDATE SET hits = signal_hours.hits + 1"
    )
)
