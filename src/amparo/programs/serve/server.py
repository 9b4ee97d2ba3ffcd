"""The HTTP server around the API, as every process that answers has it."""

import gc

import uvicorn

from amparo.app.serving import Serving
from amparo.interfaces.api.app import create_api
from amparo.interfaces.console.app import create_console
from amparo.interfaces.hma.app import create_hma
from amparo.programs.serve.connection import Connection

GRACE_S = 30
"""So long requests may take to end when the process is asked to stop."""


def server_of(serving: Serving) -> uvicorn.Server:
    """The server, not yet running."""
    api = create_api(serving)
    api.mount("/console", create_console(serving, api.state.at_passwords))
    api.mount("/hma", create_hma(serving, api.state.bodies, api.state.rates, api.state.lanes))
    return uvicorn.Server(
        uvicorn.Config(
            api,
            loop="uvloop",
            http=Connection,
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=list(serving.settings.trusted_proxies),
            timeout_keep_alive=30,
            timeout_graceful_shutdown=GRACE_S,
        )
    )


def settle() -> None:
    """What this process has loaded stays: Python's search for garbage passes it by from now on.

    Otherwise every request would now and then wait 60 ms for it.
    """
    gc.collect()
    gc.freeze()
