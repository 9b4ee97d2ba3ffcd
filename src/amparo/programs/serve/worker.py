"""One of several processes that serve: started by `workers.py`, with what it has opened."""

import os
import socket
import sys
import threading

import uvicorn

from amparo.app.sandbox import open_sandbox
from amparo.app.serving import open_serving
from amparo.core.clock import SystemClock
from amparo.core.settings import settings
from amparo.db import Database
from amparo.programs.serve.logs import set_up_logs
from amparo.programs.serve.memory import give_memory_back
from amparo.programs.serve.server import server_of, settle

_LEAST_BYTES = 192 * 1024 * 1024
"""Memory for decoding, below which ordinary photographs do not fit."""


def main() -> None:
    """Serve from the socket until the one who started this asks for the end, or is gone."""
    listener, alive, telling, workers = (int(each) for each in sys.argv[1:])
    give_memory_back()
    set_up_logs()
    chosen = settings()
    processors = len(os.sched_getaffinity(0))
    share = max(1, (chosen.processes or processors) // workers)
    chosen = chosen.model_copy(
        update={
            "processes": share,
            "item_memory_bytes": max(chosen.item_memory_bytes // workers, _LEAST_BYTES),
            "uploads_bytes": chosen.uploads_bytes // workers,
        }
    )
    with (
        open_sandbox(chosen) as sandbox,
        Database(chosen.database) as database,
        open_serving(chosen, database, sandbox, SystemClock()) as serving,
        socket.socket(fileno=listener) as shared,
    ):
        server = server_of(serving)
        settle()
        threading.Thread(target=_watch, args=(alive, server), daemon=True).start()
        os.write(telling, b"r")
        os.close(telling)
        server.run(sockets=[shared])


def _watch(alive: int, server: uvicorn.Server) -> None:
    """End when the other end of the pipe is gone: nobody would end this one otherwise."""
    os.read(alive, 1)
    server.should_exit = True


if __name__ == "__main__":
    main()
