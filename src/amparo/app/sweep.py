"""Remove what nobody asks for again: held bytes without a decision, answers older than a day."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import select

from amparo.access import look_ups
from amparo.access.people.attempts import forget_attempts
from amparo.access.people.sessions import forget_sessions
from amparo.access.repeats import forget_old
from amparo.core.clock import Clock
from amparo.db import Database, Work
from amparo.db.outbox import put
from amparo.detect.deciding.flood import forget_hours
from amparo.detect.deciding.tables import MediaRow
from amparo.respond.review.notices.store import forget_who_told, newly_overdue
from amparo.respond.review.notices.tables import NoticeRow
from amparo.respond.vault import Inbox
from amparo.respond.webhooks.store import forget_deliveries

ORPHAN_AFTER = timedelta(hours=1)
"""Far longer than any decision is in the making."""

OVERDUE = "notice.overdue"
"""The kind of outbox row by which people are told of a notice without an answer."""

EVERY_S = 600.0
_NAMES_AT_A_TIME = 500

_log = structlog.get_logger(__name__)


class Sweep:
    """Sweeps one host's inbox, and the database's answers."""

    def __init__(self, database: Database, inbox: Inbox, clock: Clock) -> None:
        self._database = database
        self._inbox = inbox
        self._clock = clock
        self._suspects: set[str] = set()

    def run(self, stop: threading.Event) -> None:
        """Sweep now and then until `stop`."""
        while True:
            try:
                self.step()
            except Exception as error:  # noqa: BLE001 (it must outlive whatever happens)
                _log.error("Nothing was swept.", exc_info=error)
            if stop.wait(EVERY_S):
                return

    def step(self) -> int:
        """Sweep once; how many orphans were removed. Raises Unavailable.

        An orphan is removed by the second sweep that sees it: a clock that jumps ahead must not
        make one of an upload that is being decided.
        """
        now = self._clock.now()
        with self._database.work() as work:
            forget_old(work, now)
            forget_hours(work, now)
            look_ups.forget_hours(work, now)
            forget_sessions(work, now)
            forget_attempts(work, now)
            forget_deliveries(work, now)
            forget_who_told(work, now)
            self._tell_of_overdue(work, now)
        orphans: set[str] = set()
        for names in self._old_names(now):
            with self._database.reading() as work:
                known = {
                    name
                    for row in (MediaRow, NoticeRow)
                    for name in work.execute(
                        select(row.held_as).where(row.held_as.in_(names))
                    ).scalars()
                }
            orphans.update(name for name in names if name not in known)
        removed = orphans & self._suspects
        for name in removed:
            self._inbox.remove(name)
        self._suspects = orphans - removed
        return len(removed)

    def _tell_of_overdue(self, work: Work, now: datetime) -> None:
        """People are told once of each notice whose time has passed without an answer."""
        for notice in newly_overdue(work, now):
            payload: dict[str, object] = {
                "number": notice.number,
                "kind": notice.kind.value,
                "due_at": notice.due_at.isoformat(),
            }
            put(work, notice.organisation_id, OVERDUE, notice.id, payload, now)
            _log.warning("A notice is overdue.", number=notice.number, kind=notice.kind.value)

    def _old_names(self, now: datetime) -> Iterator[list[str]]:
        names: list[str] = []
        for name, written_at in self._inbox.names():
            if datetime.fromtimestamp(written_at, UTC) < now - ORPHAN_AFTER:
                names.append(name)
            if len(names) == _NAMES_AT_A_TIME:
                yield names
                names = []
        if names:
            yield names
