"""Whether the process lives, whether it may be sent requests, and what it has counted."""

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from amparo.app.readiness import readiness
from amparo.interfaces.calls.callers import KnownCaller, MetricsReader, Open
from amparo.wire.readiness import Readiness

router = APIRouter(tags=["health"])
counted = APIRouter(tags=["health"], route_class=KnownCaller)


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


@counted.get("/metrics", response_class=PlainTextResponse)
def metrics(serving: Open, _: MetricsReader) -> Response:
    """Decisions, stages, index and sandbox, as Prometheus reads them."""
    return Response(serving.metrics.text(), media_type=CONTENT_TYPE_LATEST)
