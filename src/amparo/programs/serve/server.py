"""The HTTP server around the API, as every process that answers has it."""

import asyncio
import gc
import socket

import uvicorn

from amparo.app.serving import Serving
from amparo.interfaces.api.app import create_api
from amparo.interfaces.console.app import create_console
from amparo.interfaces.hma.app import create_hma
from amparo.programs.serve.connection import Connection

GRACE_S = 30
"""So long requests may take to end when the process is asked to stop."""

_DECODING_S = 25
"""After so much of it what still decodes, as a long video may, is sent away to be sent again."""


class _Server(uvicorn.Server):
    """Uvicorn's, which would cut such a request off without a word."""

    def __init__(self, config: uvicorn.Config, serving: Serving) -> None:
        super().__init__(config)
        self._serving = serving

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop once all that is under way has had its time."""
        soon = asyncio.get_running_loop().call_later(_DECODING_S, self._serving.hasher.stop)
        try:
            await super().shutdown(sockets)
        finally:
            soon.cancel()


def server_of(serving: Serving) -> uvicorn.Server:
    """The server, not yet running."""
    api = create_api(serving)
    api.mount("/console", create_console(serving, api.state.at_passwords))
    api.mount("/hma", create_hma(serving, api.state.bodies, api.state.rates, api.state.lanes))
    return _Server(
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
        ),
        serving,
    )


def settle() -> None:
    """What this process has loaded stays: Python's search for garbage passes it by from now on.

    Otherwise every request would now and then wait 60 ms for it.
    """
    gc.collect()
    gc.freeze()
