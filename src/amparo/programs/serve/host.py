"""What runs once on a host, whatever serves on it: follower, sealer and sweep."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from amparo.access.audit.seal import Sealer
from amparo.access.audit.signing import signing_key
from amparo.access.first_key import ensure_first_key
from amparo.app.background import in_background
from amparo.app.serving import host_folder, open_inbox
from amparo.app.sweep import Sweep
from amparo.core.clock import Clock
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.db.migrate import check_version, upgrade
from amparo.detect.matching.host import Follower
from amparo.respond.vault import ensure_key


@contextmanager
def looked_after(
    settings: Settings, clock: Clock, say: Callable[[str], None]
) -> Iterator[Database]:
    """A database made ready where it is new; this host's index has followed everything once."""
    with ExitStack() as stack:
        database = stack.enter_context(Database(settings.database))
        if database.engine.dialect.name == "sqlite":
            upgrade(database)
        check_version(database)
        if ensure_key(settings.vault_key):
            say(f"Made the vault's key {settings.vault_key}; keep a copy apart from all backups.")
        key = ensure_first_key(database, clock)
        stack.enter_context(_sealing(database, settings, clock))
        stack.enter_context(_following(database, settings))
        sweep = Sweep(database, open_inbox(settings), clock)
        stack.enter_context(in_background("sweep", sweep.run))
        if key is not None:
            say(f"Your first key, shown this once: {key}")
        yield database


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
    sealer = Sealer(database, key, clock, witness=settings.audit_witness_file)
    with in_background("sealer", sealer.run):
        yield
    sealer.step()
