"""Assemble what serves: database, follower, sandbox, API; and take it apart in order."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import uvicorn

from amparo.access.audit.seal import Sealer
from amparo.access.audit.signing import signing_key
from amparo.access.first_key import ensure_first_key
from amparo.app.compiled import ensure_compiled
from amparo.app.sandbox import open_sandbox
from amparo.app.serving import Serving, host_folder, open_serving
from amparo.app.sweep import Sweep
from amparo.core.clock import Clock, SystemClock
from amparo.core.errors import Unavailable
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.db.migrate import check_version, upgrade
from amparo.detect.matching.host import Follower
from amparo.detect.media.sandbox import Sandbox
from amparo.interfaces.api.app import create_api
from amparo.programs.serve.logs import set_up_logs
from amparo.respond.vault import ensure_key

GRACE_S = 30
"""So long requests may take to end when the process is asked to stop."""


def run(settings: Settings, *, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve until a signal comes. Raises Unavailable, Conflict where it cannot begin."""
    set_up_logs()
    # The sandbox's server comes before any thread of ours.
    with listening(host, port) as listener, open_sandbox(settings) as sandbox:
        ensure_compiled(settings.home, say)
        with served(settings, sandbox, SystemClock(), say) as serving:
            say(f"Amparo serves http://{host}:{port}/v1 (docs: http://{host}:{port}/docs)")
            server_of(serving).run(sockets=[listener])


def listening(host: str, port: int) -> socket.socket:
    """The socket, before anything is made or printed. Raises Unavailable where it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise Unavailable(
            f"{host} port {port} cannot be listened on ({error.strerror}); choose --port."
        ) from error


@contextmanager
def served(
    settings: Settings, sandbox: Sandbox, clock: Clock, say: Callable[[str], None]
) -> Iterator[Serving]:
    """All that routes call, made ready where it is new; the index has followed everything once."""
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
        serving = stack.enter_context(open_serving(settings, database, sandbox, clock))
        sweep = Sweep(database, serving.pipeline.inbox, clock)
        stack.enter_context(_in_background("sweep", sweep.run))
        if key is not None:
            say(f"Your first key, shown this once: {key}")
        yield serving


def server_of(serving: Serving) -> uvicorn.Server:
    """The server, not yet running."""
    return uvicorn.Server(
        uvicorn.Config(
            create_api(serving),
            loop="uvloop",
            http="httptools",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=GRACE_S,
        )
    )


@contextmanager
def _following(database: Database, settings: Settings) -> Iterator[None]:
    """This host's follower at work."""
    with Follower(database, host_folder(settings)) as follower:
        follower.step()
        with _in_background("follower", follower.run):
            yield


@contextmanager
def _sealing(database: Database, settings: Settings, clock: Clock) -> Iterator[None]:
    """The sealer of the audit trail at work; what is left is sealed at the end."""
    key = signing_key(settings.audit_key)
    sealer = Sealer(database, key, clock, witness=settings.audit_witness_file)
    with _in_background("sealer", sealer.run):
        yield
    sealer.step()


@contextmanager
def _in_background(name: str, work: Callable[[threading.Event], None]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
