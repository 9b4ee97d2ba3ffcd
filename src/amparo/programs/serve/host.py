"""What runs once on a host beside serving: follower and sweep; on one, sealer and deliveries.

Of a drill nobody is told, whatever the settings name.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from amparo.access.audit.seal import Sealer, append
from amparo.access.audit.signing import signing_key
from amparo.access.audit.witness import Telling
from amparo.access.first_key import ensure_first_key
from amparo.access.installation import KeyName, is_drill
from amparo.app.background import in_background
from amparo.app.kept_keys import make_or_find_keys, require_same_keys
from amparo.app.serving import host_folder, open_inbox
from amparo.app.solo import Letters
from amparo.app.sweep import Sweep
from amparo.app.witnesses import witnesses
from amparo.app.workflows import durable_work
from amparo.core.clock import Clock
from amparo.core.errors import Conflict
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.db.migrate import upgrade
from amparo.db.version import check_version
from amparo.detect.matching.host import Follower

_DRILL = "This is a drill: it tells nobody, neither webhooks nor witnesses nor a second address."

OnThisHost = Callable[[Settings, Clock, Callable[[str], None]], AbstractContextManager[Database]]


@contextmanager
def looked_after(
    settings: Settings, clock: Clock, say: Callable[[str], None]
) -> Iterator[Database]:
    """A whole installation: made ready where it is new, its audit trail sealed, its lists followed.

    Raises Unavailable, Conflict.
    """
    with ExitStack() as stack:
        database = stack.enter_context(Database(settings.database))
        if database.engine.dialect.name == "sqlite":
            upgrade(database)
        check_version(database)
        make_or_find_keys(settings, database, say)
        key = ensure_first_key(database, clock)
        if _is_drill(database, say):
            stack.enter_context(_sealing(database, settings, clock, witness=None))
            stack.enter_context(_at_work(database, settings, clock))
        else:
            stack.enter_context(_telling_witnesses(database, settings, clock))
            stack.enter_context(
                _sealing(database, settings, clock, witness=settings.audit_witness_file)
            )
            stack.enter_context(_at_work(database, settings, clock))
            stack.enter_context(_sending(database, settings, clock))
        if key is not None:
            say(f"Your first key, shown this once: {key}")
        yield database


@contextmanager
def followed(settings: Settings, clock: Clock, say: Callable[[str], None]) -> Iterator[Database]:
    """A further host of an installation that is looked after elsewhere.

    Raises Unavailable, Conflict.
    """
    with Database(settings.database) as database:
        if database.engine.dialect.name == "sqlite":
            raise Conflict(
                "Further hosts need PostgreSQL (AMPARO_DATABASE_URL); SQLite is one host's: "
                "`amparo serve`."
            )
        check_version(database)
        require_same_keys(settings, database, (KeyName.VAULT, KeyName.ACCESS))
        _is_drill(database, say)
        with _at_work(database, settings, clock):
            yield database


def _is_drill(database: Database, say: Callable[[str], None]) -> bool:
    """Whether nobody may be told; then it is said at the start."""
    with database.reading() as work:
        found = is_drill(work)
    if found:
        say(_DRILL)
    return found


@contextmanager
def _at_work(database: Database, settings: Settings, clock: Clock) -> Iterator[None]:
    """What every host does for itself; its index has followed everything once."""
    sweep = Sweep(database, open_inbox(settings), clock)
    with _following(database, settings), in_background("sweep", sweep.run):
        yield


@contextmanager
def _following(database: Database, settings: Settings) -> Iterator[None]:
    """This host's follower at work."""
    with Follower(database, host_folder(settings)) as follower:
        follower.step()
        with in_background("follower", follower.run):
            yield


@contextmanager
def _sealing(
    database: Database, settings: Settings, clock: Clock, *, witness: Path | None
) -> Iterator[None]:
    """The sealer of the audit trail at work; what is left is sealed at the end."""
    if witness is not None:
        append(witness, "")  # at the start, not at the first upload
    sealer = Sealer(database, signing_key(settings.audit_key), clock, witness=witness)
    with ExitStack() as stack:
        stack.callback(sealer.step)
        stack.enter_context(in_background("sealer", sealer.run))
        yield


@contextmanager
def _telling_witnesses(database: Database, settings: Settings, clock: Clock) -> Iterator[None]:
    """Witnesses are told, at the end too: around the sealer, which seals what is left."""
    with ExitStack() as stack:
        for each in witnesses(settings, signing_key(settings.audit_key).public_key()):
            telling = Telling(database, each, clock)
            stack.enter_context(in_background("witness", telling.run))
        yield


@contextmanager
def _sending(database: Database, settings: Settings, clock: Clock) -> Iterator[None]:
    """Messages to webhooks and letters to second addresses go out."""
    letters = Letters(database, settings, clock)
    with durable_work(database, settings, clock), in_background("letters", letters.run):
        yield
