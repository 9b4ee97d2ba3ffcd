"""What runs once on a host beside serving: follower and sweep; on one, sealer and deliveries."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from amparo.access.audit.seal import Sealer, append
from amparo.access.audit.signing import signing_key
from amparo.access.audit.witness import Telling
from amparo.access.first_key import ensure_first_key
from amparo.access.installation import KeyName
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
        stack.enter_context(_sealing(database, settings, clock))
        stack.enter_context(_at_work(database, settings, clock))
        stack.enter_context(durable_work(database, settings, clock))
        letters = Letters(database, settings, clock)
        stack.enter_context(in_background("letters", letters.run))
        if key is not None:
            say(f"Your first key, shown this once: {key}")
        yield database


@contextmanager
def followed(settings: Settings, clock: Clock, _: Callable[[str], None]) -> Iterator[Database]:
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
        with _at_work(database, settings, clock):
            yield database


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
def _sealing(database: Database, settings: Settings, clock: Clock) -> Iterator[None]:
    """The sealer of the audit trail at work; what is left is sealed at the end."""
    key = signing_key(settings.audit_key)
    if settings.audit_witness_file is not None:
        append(settings.audit_witness_file, "")  # at the start, not at the first upload
    sealer = Sealer(database, key, clock, witness=settings.audit_witness_file)
    with ExitStack() as stack:
        for each in witnesses(settings, key.public_key()):
            telling = Telling(database, each, clock)
            stack.enter_context(in_background("witness", telling.run))
        stack.callback(sealer.step)
        stack.enter_context(in_background("sealer", sealer.run))
        yield
