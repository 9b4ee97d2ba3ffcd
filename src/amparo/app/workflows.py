"""Durable work: what must happen after a decision, whatever dies in between.

The rows in the database are the truth. Each attempt is a workflow of DBOS, whose id comes from the
row and from how often it was taken, so that starting it twice does nothing, and one that comes back
after its worker was given up for dead finds its place taken and does nothing either.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from uuid import UUID

import structlog
from dbos import DBOS, DBOSConfig, SetWorkflowID
from sqlalchemy.engine import make_url

from amparo.access.installation import require_no_drill
from amparo.access.people.secrets import access_key
from amparo.app.background import in_background
from amparo.app.worker_name import worker_name
from amparo.core.clock import Clock
from amparo.core.errors import Unavailable
from amparo.core.seldom import Seldom
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.db.own_file import make_own_file
from amparo.net.post import Poster
from amparo.respond.webhooks.attempt import Sender
from amparo.respond.webhooks.gather import ROWS_AT_A_TIME, gather
from amparo.respond.webhooks.model import DeliveryId
from amparo.respond.webhooks.take import (
    Take,
    anything_due,
    gone,
    heard_of,
    let_go,
    of_the_silent,
    take_due,
)
from amparo.respond.webhooks.turns import Turns

EVERY_S = 0.5
AT_ONCE = 16
_HEARD_EVERY_S = 5.0
_KEPT_S = 10.0
"""How long DBOS keeps an attempt that has ended: its row says all there is to say."""

_VERSION = "1"
"""Of the workflows' shape: what one version of Amparo has begun, the next goes on with."""

_HINT = {
    True: "Should `work.db` in AMPARO_HOME be damaged, remove it: nothing is lost by that.",
    False: "The database's role must be allowed to make a schema called dbos.",
}

_log = structlog.get_logger(__name__)
_seldom = Seldom(_log)


@contextmanager
def durable_work(database: Database, settings: Settings, clock: Clock) -> Iterator[None]:
    """At work until the block ends; one in a process. Raises Unavailable, Conflict."""
    with database.reading() as work:
        require_no_drill(work)
    with ExitStack() as stack:
        sender = Sender(
            database=database,
            poster=Poster(settings.webhook_hosts, settings.webhook_seconds),
            key=access_key(settings.access_key),
            clock=clock,
            worker=stack.enter_context(worker_name(settings.home)),
        )
        rounds = _Rounds(sender)
        with database.work() as work:
            gone(work, sender.worker)  # what it had taken before it was killed
        stack.enter_context(_dbos(settings, sender.worker, rounds))
        stack.enter_context(in_background("durable work", rounds.run))
        yield


class _Rounds:
    """Looks for what is to be done, again and again, and starts it."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self._database = sender.database
        self._clock = sender.clock
        self._turns = Turns()
        self._changed = threading.Condition()
        self._under_way: set[Take] = set()
        self._unreleased: set[Take] = set()
        self._ended: deque[tuple[float, Take]] = deque()
        self.start: Callable[[Take], None] = lambda _: None

    def attempt(self, take: Take, step: Callable[[], None]) -> None:
        """An attempt as a workflow runs it; whatever goes wrong, the delivery is let go of."""
        try:
            step()
        except Unavailable as error:
            _seldom.warning("A delivery could not be written down.", why=error.message)
            self._unreleased.add(take)
        except Exception as error:  # noqa: BLE001 (a worker must outlive a job)
            _log.error("An attempt failed.", exc_info=error)
            self._unreleased.add(take)
        finally:
            with self._changed:
                self._under_way.discard(take)
                self._ended.append((time.monotonic(), take))
                self._changed.notify_all()

    def run(self, stop: threading.Event) -> None:
        """Until `stop`, and then until what is under way has ended, and is on record."""
        heard_at = 0.0
        while not stop.wait(EVERY_S):
            try:
                if time.monotonic() - heard_at > _HEARD_EVERY_S:
                    self._say_and_look()
                    heard_at = time.monotonic()
                while gather(self._database, self._clock) == ROWS_AT_A_TIME:
                    pass
                self._start_due()
            except Unavailable as error:
                _seldom.warning("Nothing can be delivered now.", why=error.message)
            except Exception as error:  # noqa: BLE001 (it must outlive whatever happens)
                _log.error("A round of durable work failed.", exc_info=error)
        self._leave()

    def _start_due(self) -> None:
        self._release()
        room = AT_ONCE - len(self._under_way)
        now = self._clock.now()
        with self._database.reading() as work:
            due = room > 0 and anything_due(work, now)
        if not due:
            return
        with self._database.work() as work:
            taken = take_due(work, self.sender.worker, room, now, self._turns)
        for take in taken:
            with self._changed:
                self._under_way.add(take)
            try:
                self.start(take)
            except Exception:
                with self._changed:
                    self._under_way.discard(take)
                    self._unreleased.add(take)
                raise

    def _release(self) -> None:
        for take in tuple(self._unreleased):
            with self._database.work() as work:
                let_go(work, take, self.sender.worker)
            self._unreleased.discard(take)

    def _say_and_look(self) -> None:
        """This worker lives; what those have taken that do not is anybody's."""
        now = self._clock.now()
        with self._database.work() as work:
            heard_of(work, self.sender.worker, now)
            silent = of_the_silent(work, now)
            for worker, take in silent:
                let_go(work, take, worker)
        if silent:
            _log.warning("Deliveries of a silent worker are taken over.", count=len(silent))
            DBOS.cancel_workflows([_id_of(take) for _, take in silent])
        self._forget()

    def _forget(self) -> None:
        old = []
        while self._ended and time.monotonic() - self._ended[0][0] > _KEPT_S:
            old.append(_id_of(self._ended.popleft()[1]))
        if old:
            DBOS.delete_workflows(old)

    def _leave(self) -> None:
        longest = self.sender.poster.seconds + 5
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way, timeout=longest)
        try:
            with self._database.work() as work:
                gone(work, self.sender.worker)
        except Unavailable as error:
            _log.warning("What was taken is another's after a minute.", why=error.message)


@contextmanager
def _dbos(settings: Settings, worker: str, rounds: _Rounds) -> Iterator[None]:
    """DBOS open, with the workflows that this process runs."""
    config: DBOSConfig = {
        "name": "amparo",
        "system_database_url": _work_url(settings),
        "sys_db_pool_size": 5,
        "application_version": _VERSION,
        "executor_id": worker,
        "log_level": "ERROR",
        "notification_listener_polling_interval_sec": 0.05,  # nothing to look at; the end waits
        "enable_otlp": False,
    }
    # With a handler there, DBOS adds none of its own: its lines go the way of all others.
    logging.getLogger("dbos").addHandler(logging.NullHandler())
    DBOS(config=config)
    sender = rounds.sender

    @DBOS.workflow(name="deliveries.attempt")
    def attempt(delivery: str, number: int) -> None:
        take = Take(DeliveryId(UUID(delivery)), number)
        rounds.attempt(take, lambda: DBOS.run_step(None, sender.attempt, take))

    def start(take: Take) -> None:
        with SetWorkflowID(_id_of(take)):
            DBOS.start_workflow(attempt, str(take.delivery), take.number)

    rounds.start = start
    try:
        DBOS.launch()
    except Exception as error:
        DBOS.destroy(destroy_registry=True)
        raise Unavailable(
            f"Durable work cannot begin ({type(error).__name__}). {_HINT[_is_file(settings)]}"
        ) from error
    try:
        yield
    finally:
        DBOS.destroy(destroy_registry=True)


def _id_of(take: Take) -> str:
    return f"delivery:{take.delivery}:{take.number}"


def _is_file(settings: Settings) -> bool:
    return make_url(settings.database).get_backend_name() == "sqlite"


def _work_url(settings: Settings) -> str:
    """PostgreSQL, in a schema of DBOS's own; or a file beside SQLite's."""
    url = make_url(settings.database)
    if _is_file(settings):
        file = settings.home / "work.db"
        make_own_file(file)
        return f"sqlite:///{file}"
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
