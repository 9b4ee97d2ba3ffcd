"""Assemble what serves: a host's background work, the sandbox, the API; in one process or more."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from amparo.app.compiled import ensure_compiled
from amparo.app.listening import is_open, listening_noted, listens_at
from amparo.app.sandbox import open_sandbox
from amparo.app.serving import open_serving
from amparo.core.clock import SystemClock
from amparo.core.errors import Conflict, Unavailable
from amparo.core.settings import Settings
from amparo.programs.serve.ending import Ending
from amparo.programs.serve.host import OnThisHost
from amparo.programs.serve.logs import set_up_logs
from amparo.programs.serve.memory import give_memory_back
from amparo.programs.serve.server import server_of, settle
from amparo.programs.serve.workers import Workers

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Where:
    """Where to listen, and with how many processes."""

    host: str
    port: int
    workers: int = 1


def run(settings: Settings, where: Where, say: Callable[[str], None], host: OnThisHost) -> None:
    """Serve until a signal comes, with what `host` does on this host beside it.

    Raises Unavailable, Conflict where it cannot begin.
    """
    give_memory_back()
    set_up_logs()
    _require_unserved(settings.home)
    with (
        Ending() as ending,
        listening(where.host, where.port) as listener,
        listening_noted(settings.home, *listener.getsockname()[:2]),
    ):
        if is_open(listener.getsockname()[0]):
            _log.warning("Whoever reaches this machine can call it, without encryption.",
                         host=where.host, port=where.port)  # fmt: skip
        if where.workers == 1:
            _alone(settings, where, listener, say, host, ending)
        else:
            ensure_compiled(settings.home, say)
            with host(settings, SystemClock(), say):
                ending.check()
                Workers(listener, where.workers).run(lambda: say(_welcome(where)))


def _alone(
    settings: Settings,
    where: Where,
    listener: socket.socket,
    say: Callable[[str], None],
    host: OnThisHost,
    ending: Ending,
) -> None:
    """Everything in this process."""
    clock = SystemClock()
    # The sandbox's server comes before any thread of ours.
    with open_sandbox(settings) as sandbox:
        ensure_compiled(settings.home, say)
        with (
            host(settings, clock, say) as database,
            open_serving(settings, database, sandbox, clock) as serving,
        ):
            server = server_of(serving)
            settle()
            ending.runs(server)
            say(_welcome(where))
            server.run(sockets=[listener])


def _require_unserved(home: Path) -> None:
    """Raises Conflict where another process serves from this folder, and would write its index."""
    served = listens_at(home)
    if served is not None:
        address, port = served
        host = f"[{address}]" if ":" in address else address
        raise Conflict(
            f"{home} is already being served, at http://{host}:{port}: end that one first, or give "
            "this one a folder of its own (AMPARO_HOME)."
        )


def listening(host: str, port: int) -> socket.socket:
    """The socket, before anything is made or printed. Raises Unavailable where it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise Unavailable(
            f"{host} port {port} cannot be listened on ({error.strerror}); choose --port."
        ) from error


def _welcome(where: Where) -> str:
    url = f"http://{where.host}:{where.port}"
    return f"Amparo serves {url}/v1 (docs: {url}/docs)"
