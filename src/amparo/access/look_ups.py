"""How much each caller looks up, by the hour; what is unusual is told to people.

Who asks for very many hashes may want to learn which ones are listed. Counting costs a look-up
nothing: it is done in memory, and written down every few seconds.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import BigInteger, ForeignKey, String, Uuid, bindparam, delete, select, text
from sqlalchemy.orm import Mapped, mapped_column

from amparo.access.audit import record
from amparo.access.model import Actor
from amparo.core.clock import Clock
from amparo.core.errors import Unavailable
from amparo.core.ids import OrganisationId, new_id
from amparo.core.surge import HISTORY, hour_of, surge
from amparo.db import Database, Work
from amparo.db.outbox import put
from amparo.db.tables import Row, UtcTime

EVERY_S = 5.0
MATCHED_FLOOR = 100
"""Fewer matches than this within two hours are nothing unusual."""

UNUSUAL = "caller.unusual"
"""The kind of outbox row by which people are told."""

_log = structlog.get_logger(__name__)
_Caller = tuple[OrganisationId, str]


class CallerHourRow(Row):
    """How many hashes and uploads a caller asked about in an hour, and how many matched."""

    __tablename__ = "caller_hours"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    caller: Mapped[str] = mapped_column(String(200), primary_key=True)
    hour: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    asked: Mapped[int] = mapped_column(BigInteger)
    matched: Mapped[int] = mapped_column(BigInteger)


class CallerAlarmRow(Row):
    """A caller who suddenly looked up, or matched, far more than before; once a day at most."""

    __tablename__ = "caller_alarms"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    caller: Mapped[str] = mapped_column(String(200), primary_key=True)
    what: Mapped[str] = mapped_column(String(20), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcTime)
    count: Mapped[int] = mapped_column(BigInteger)
    busiest_before: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Of `what`, asked or matched, there were `count` within two hours; of late at `at`."""

    caller: str
    what: str
    at: datetime
    count: int
    busiest_before: int


class LookUps:
    """Counts for one process. Safe from any thread."""

    def __init__(self, database: Database, clock: Clock, *, asked_floor: int) -> None:
        self._database = database
        self._clock = clock
        self._floors = {"asked": asked_floor, "matched": MATCHED_FLOOR}
        self._changing = threading.Lock()
        self._asked: Counter[_Caller] = Counter()
        self._matched: Counter[_Caller] = Counter()

    def count(self, actor: Actor, *, asked: int, matched: int) -> None:
        """So much was looked up, and so much of it is listed."""
        caller = actor.organisation_id, actor.name
        with self._changing:
            self._asked[caller] += asked
            self._matched[caller] += matched

    def run(self, stop: threading.Event) -> None:
        """Write down now and then until `stop`; while the database is away, go on counting."""
        ended = False
        while not ended:
            ended = stop.wait(EVERY_S)
            try:
                self.step()
            except Unavailable as error:
                _log.warning("Look-ups are counted and cannot be written down.", why=error.message)
            except Exception as error:  # noqa: BLE001 (it must outlive whatever happens)
                _log.error("Look-ups were not written down.", exc_info=error)

    def step(self) -> None:
        """Write down what was counted, and tell of what is unusual. Raises Unavailable."""
        with self._changing:
            asked, self._asked = self._asked, Counter()
            matched, self._matched = self._matched, Counter()
        try:
            for caller in sorted(asked, key=str):
                self._write(caller, asked[caller], matched[caller])
                del asked[caller], matched[caller]
        finally:  # whatever could not be written is counted with what comes
            with self._changing:
                self._asked += asked
                self._matched += matched

    def _write(self, caller: _Caller, asked: int, matched: int) -> None:
        now = self._clock.now()
        organisation, name = caller
        with self._database.work() as work:
            work.execute(
                _COUNT,
                {"organisation": organisation, "caller": name, "hour": hour_of(now),
                 "asked": asked, "matched": matched},
            )  # fmt: skip
            for alarm in self._unusual(work, caller, now):
                _tell(work, organisation, alarm)

    def _unusual(self, work: Work, caller: _Caller, now: datetime) -> Iterator[Alarm]:
        organisation, name = caller
        rows = work.execute(
            select(CallerHourRow.hour, CallerHourRow.asked, CallerHourRow.matched).where(
                CallerHourRow.organisation_id == organisation,
                CallerHourRow.caller == name,
                CallerHourRow.hour > hour_of(now - HISTORY),
            )
        ).all()
        hours: Mapping[str, dict[int, int]] = {
            "asked": {row.hour: row.asked for row in rows},
            "matched": {row.hour: row.matched for row in rows},
        }
        for what, floor in self._floors.items():
            found = surge(hours[what], hour_of(now), floor)
            if found is not None:
                yield Alarm(name, what, now, *found)


def alarms(work: Work, organisation: OrganisationId) -> tuple[Alarm, ...]:
    """The organisation's alarms, the newest first."""
    rows = work.execute(
        select(
            CallerAlarmRow.caller,
            CallerAlarmRow.what,
            CallerAlarmRow.at,
            CallerAlarmRow.count,
            CallerAlarmRow.busiest_before,
        )
        .where(CallerAlarmRow.organisation_id == organisation)
        .order_by(CallerAlarmRow.at.desc())
    )
    return tuple(Alarm(*row) for row in rows)


def forget_hours(work: Work, now: datetime) -> None:
    """Forget counts that are older than the history that is looked at."""
    work.execute(delete(CallerHourRow).where(CallerHourRow.hour <= hour_of(now - HISTORY)))


def _tell(work: Work, organisation: OrganisationId, alarm: Alarm) -> None:
    """On record and to people, where nobody was told of it today."""
    row = {
        "organisation": organisation,
        "caller": alarm.caller,
        "what": alarm.what,
        "day": hour_of(alarm.at) // 24,
        "at": alarm.at,
        "count": alarm.count,
        "busiest": alarm.busiest_before,
    }
    if not work.execute(_ALARM, row).rowcount:
        return
    detail: dict[str, object] = {
        "what": alarm.what,
        "count": alarm.count,
        "busiest_before": alarm.busiest_before,
    }
    put(work, organisation, UNUSUAL, new_id(), {"caller": alarm.caller} | detail, alarm.at)
    record(
        work, organisation, actor="enumeration alarm", action="callers.unusual",
        subject=alarm.caller, now=alarm.at, detail=detail,
    )  # fmt: skip
    _log.warning("A caller looks up far more than before.", caller=alarm.caller, **detail)


_COUNT = text(
    "INSERT INTO caller_hours (organisation_id, caller, hour, asked, matched) "
    "VALUES (:organisation, :caller, :hour, :asked, :matched) "
    "ON CONFLICT (organisation_id, caller, hour) DO UPDATE SET "
    "asked = caller_hours.asked + excluded.asked, "
    "matched = caller_hours.matched + excluded.matched"
).bindparams(bindparam("organisation", type_=Uuid()))

_ALARM = text(
    "INSERT INTO caller_alarms (organisation_id, caller, what, day, at, count, busiest_before) "
    "VALUES (:organisation, :caller, :what, :day, :at, :count, :busiest) ON CONFLICT DO NOTHING"
).bindparams(bindparam("at", type_=UtcTime()), bindparam("organisation", type_=Uuid()))
