"""The interface put together: its routes, and errors as HMA's clients read them."""

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from amparo.app.serving import Serving
from amparo.core.errors import AmparoError, Conflict, Denied, Invalid, NotFound, Unavailable
from amparo.core.seldom import Seldom
from amparo.interfaces.calls.admission import Bodies, Lanes, Rates
from amparo.interfaces.hma import (
    banks,
    contents,
    exchanges,
    hashing,
    look_ups,
    signal_types,
    state,
)

_STATUS: tuple[tuple[type[AmparoError], int], ...] = (
    (NotFound, 404),
    (Invalid, 400),
    (Conflict, 409),
    (Denied, 403),
    (Unavailable, 503),
)
_log = structlog.get_logger(__name__)
_seldom = Seldom(_log)


def create_hma(serving: Serving, bodies: Bodies, rates: Rates, lanes: Lanes) -> FastAPI:
    """The application; it is mounted at `/hma`, and shares what else is let in."""
    hma = routes()
    hma.state.serving = serving
    hma.state.bodies = bodies
    hma.state.rates = rates
    hma.state.lanes = lanes
    hma.state.freshness = state.Freshness()
    return hma


def routes() -> FastAPI:
    """The application before anything is open."""
    hma = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    hma.include_router(state.open_to_all)
    for part in (hashing, look_ups, banks, contents, signal_types, exchanges, state):
        hma.include_router(part.router)
    hma.add_exception_handler(AmparoError, _told)
    hma.add_exception_handler(HTTPException, _http_told)
    hma.add_exception_handler(RequestValidationError, _invalid_told)
    hma.add_exception_handler(Exception, _mistake_told)
    hma.add_middleware(_HeadAsGet)
    return hma


class _HeadAsGet:
    """HEAD is answered wherever GET is, as HMA does; the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


async def _told(_: Request, error: Exception) -> Response:
    assert isinstance(error, AmparoError)
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    if isinstance(error, Denied) and error.code == Denied.code:
        status = 401
    if isinstance(error, Unavailable):
        # Why is for the operator; a caller need not know our hosts and folders.
        _seldom.warning("Something is away.", why=error.message)
        return _message(status, "Amparo cannot do this now; nothing was done.")
    return _message(status, error.message)


async def _http_told(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = _message(error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def _invalid_told(_: Request, error: Exception) -> Response:
    """Which field is wrong and how; not what was in it, which may be a hash."""
    assert isinstance(error, RequestValidationError)
    wrong = error.errors()
    if all(each["loc"][0] == "path" for each in wrong):
        return _message(404, "Not found")
    places = [f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in wrong]
    return _message(400, "; ".join(places[:20]))


async def _mistake_told(_: Request, error: Exception) -> Response:
    _log.error("A request failed.", exc_info=error)
    return _message(500, "Amparo itself failed; its log says how.")


def _message(status: int, message: str) -> JSONResponse:
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status in (429, 503):
        headers["Retry-After"] = "1"
    return JSONResponse({"message": message}, status_code=status, headers=headers)
