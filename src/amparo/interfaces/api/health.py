"""Whether the process lives, and whether it may be sent requests."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from amparo.app.readiness import Readiness, readiness
from amparo.interfaces.api.callers import Open

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: str = "alive"


@router.get("/healthz")
async def healthz() -> Alive:
    """The process answers."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Not ready yet"}})
def readyz(serving: Open, response: Response) -> Readiness:
    """Whether the index holds what the database held at start, and how far it lags behind."""
    state = readiness(serving)
    if not state.ready:
        response.status_code = 503
    return state
