"""Who wanted to see what they may not goes on record; a flood of it goes there as a few entries."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from amparo.access.audit import record
from amparo.access.model import Actor
from amparo.core.clock import Clock
from amparo.core.errors import Unavailable
from amparo.core.ids import OrganisationId
from amparo.db import Database

WITHIN = timedelta(minutes=1)
MOST_SUBJECTS = 20
_MOST_CALLERS = 10_000


@dataclass(slots=True)
class _Minute:
    """What a caller was refused since `began`, and how often that was not put on record."""

    began: datetime
    subjects: set[str] = field(default_factory=set)
    passed_over: int = 0


class Refusals:
    """Those of one process. Safe from any thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._callers: dict[tuple[OrganisationId, str], _Minute] = {}
        self._counting = threading.Lock()

    def note(self, actor: Actor, action: str, subject: str) -> None:
        """Put it on record, once a minute for a caller and subject, and 20 times for a caller.

        The caller's next entry says how many were passed over. Raises Unavailable.
        """
        now = self._clock.now()
        passed_over = self._count(actor, subject, now)
        if passed_over is None:
            return
        try:
            with self._database.work() as work:
                record(
                    work, actor.organisation_id, actor=actor.name, action=action, subject=subject,
                    now=now, detail={"passed_over": passed_over} if passed_over else {},
                )  # fmt: skip
        except Unavailable:
            self._uncount(actor, subject, passed_over)
            raise

    def _count(self, actor: Actor, subject: str, now: datetime) -> int | None:
        """How many were passed over before this one; None where this is one of them."""
        who = actor.organisation_id, actor.name
        with self._counting:
            if len(self._callers) >= _MOST_CALLERS:
                self._callers.clear()
            minute = self._callers.setdefault(who, _Minute(now))
            if not timedelta(0) <= now - minute.began < WITHIN:
                minute.began = now
                minute.subjects.clear()
            if subject in minute.subjects or len(minute.subjects) >= MOST_SUBJECTS:
                minute.passed_over += 1
                return None
            minute.subjects.add(subject)
            passed_over, minute.passed_over = minute.passed_over, 0
            return passed_over

    def _uncount(self, actor: Actor, subject: str, passed_over: int) -> None:
        with self._counting:
            minute = self._callers.get((actor.organisation_id, actor.name))
            if minute is not None:
                minute.subjects.discard(subject)
                minute.passed_over += passed_over + 1
