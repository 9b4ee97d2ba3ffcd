"""The HTTP server around the API, as every process that answers has it."""

import uvicorn

from amparo.app.serving import Serving
from amparo.interfaces.api.app import create_api
from amparo.programs.serve.connection import Connection

GRACE_S = 30
"""So long requests may take to end when the process is asked to stop."""


def server_of(serving: Serving) -> uvicorn.Server:
    """The server, not yet running."""
    return uvicorn.Server(
        uvicorn.Config(
            create_api(serving),
            loop="uvloop",
            http=Connection,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
