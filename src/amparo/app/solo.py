"""Solo mode: switched on and off on record, and the second address told of what was begun."""

import threading
from datetime import datetime

import structlog

from amparo.access.audit import record
from amparo.access.installation import require_no_drill
from amparo.access.model import Actor
from amparo.access.people.store import People
from amparo.access.solo import (
    Solo,
    end_solo,
    record_solo,
    solo_of,
    tell_address,
    unsent,
    was_sent,
)
from amparo.core.clock import Clock
from amparo.core.errors import Invalid, Unavailable
from amparo.core.seldom import Seldom
from amparo.core.settings import Settings
from amparo.db import Database, Work
from amparo.net.mail import Mailer

EVERY_S = 5.0
AGAIN_S = 60.0

_log = structlog.get_logger(__name__)
_seldom = Seldom(_log)


def switch_on(
    database: Database, solo: Solo, settings: Settings, actor: Actor, clock: Clock
) -> None:
    """Let one person decide, after a delay; an address that was named before hears of it.

    Raises Invalid; Conflict in a drill; Unavailable where no mail goes out.
    """
    if not settings.mail_server:
        raise Invalid(
            "Solo mode needs mail: the second address must be told. Set AMPARO_MAIL_SERVER and "
            "AMPARO_MAIL_FROM."
        )
    now = clock.now()
    with database.work() as work:
        require_no_drill(work)
        known = {each.email for each in People(work, actor.organisation_id).all()}
        if solo.address.lower() in known:
            raise Invalid("The second address must not be one that somebody signs in with.")
        said = f"{solo.address} is told from now on, {solo.hours} hours before one person decides."
        _tell_present(work, actor, said, now)
        record_solo(work, actor.organisation_id, solo, actor=actor.name, now=now)
        record(
            work, actor.organisation_id, actor=actor.name, action="people.solo",
            subject=f"organisation:{actor.organisation_id}", now=now,
            detail={"hours": solo.hours, "address": solo.address},
        )  # fmt: skip
    mailer_of(settings).send(
        solo.address,
        "Amparo: you are the second address",
        f"From now on one person decides alone where Amparo asks for two: after {solo.hours} "
        "hours, and after telling this address. If you did not expect this, ask who runs it.\n",
    )


def switch_off(database: Database, actor: Actor, clock: Clock) -> None:
    """Two people decide again; the second address hears of it."""
    now = clock.now()
    with database.work() as work:
        _tell_present(work, actor, "Two people decide again.", now)
        end_solo(work, actor.organisation_id)
        record(
            work, actor.organisation_id, actor=actor.name, action="people.solo_ended",
            subject=f"organisation:{actor.organisation_id}", now=now,
        )  # fmt: skip


def _tell_present(work: Work, actor: Actor, said: str, now: datetime) -> None:
    """Nobody puts another address in its place, or a shorter delay, behind its back."""
    present = solo_of(work, actor.organisation_id)
    if present is not None:
        said = f"{actor.name} has changed what you are told of. {said} If you did not expect this, "
        said += "ask who runs it.\n"
        subject = f"solo:{now.isoformat()}"
        tell_address(work, actor.organisation_id, present, subject, said, now)


def send_notices(database: Database, settings: Settings, clock: Clock) -> int:
    """Tell second addresses what was begun; how many letters. Raises Unavailable, Invalid."""
    with database.reading() as work:
        waiting = unsent(work)
    for notice in waiting:
        mailer_of(settings).send(notice.address, "Amparo: something was begun", notice.said)
        with database.work() as work:
            was_sent(work, notice, clock.now())
    return len(waiting)


class Letters:
    """Sends what is to be sent, as long as a service runs."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def run(self, stop: threading.Event) -> None:
        """Until `stop`; what the mail server does not take is tried again each minute."""
        wait_s = EVERY_S
        while not stop.wait(wait_s):
            wait_s = EVERY_S
            try:
                send_notices(self._database, self._settings, self._clock)
            except (Unavailable, Invalid) as error:
                _seldom.warning("A second address was not told.", why=error.message)
                wait_s = AGAIN_S
            except Exception as error:  # noqa: BLE001 (it must outlive whatever happens)
                _log.error("Letters were not sent.", exc_info=error)
                wait_s = AGAIN_S


def mailer_of(settings: Settings) -> Mailer:
    """The operator's mail server."""
    return Mailer(
        settings.mail_server, settings.mail_from, settings.mail_user, settings.mail_password_file
    )
