"""The API put together: routes, errors as problem details, limits on what a request may be."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from amparo import __version__
from amparo.access.people.attempts import TooManyAttempts
from amparo.access.repeats import AtWork
from amparo.app.host_metrics import HostMetrics
from amparo.app.serving import Serving
from amparo.app.waiting_metrics import WaitingMetrics
from amparo.core.errors import AmparoError, Conflict, Denied, Invalid, NotFound, Unavailable
from amparo.core.ids import new_id
from amparo.core.seldom import Seldom
from amparo.interfaces.api import (
    checkpoints,
    decisions,
    health,
    lists,
    matches,
    media,
    notices,
    proposals,
    session,
    texts,
    webhooks,
)
from amparo.interfaces.calls.admission import Bodies, Lanes, Rates
from amparo.interfaces.web.turns import TurnsAtPasswords
from amparo.wire.problem import Problem
from amparo.wire.wrong import told

PROBLEM = "application/problem+json"

_STATUS: tuple[tuple[type[AmparoError], int], ...] = (
    (NotFound, 404),
    (Invalid, 422),
    (Conflict, 409),
    (Denied, 403),
    (Unavailable, 503),
)
_DENIED = {Denied.code: 401, "sign_in_refused": 401, "too_many_attempts": 429}
_TITLES = {
    400: "The request cannot be read",
    401: "No key, or not a good one",
    403: "Not allowed",
    404: "Not found",
    405: "Not this method",
    408: "Too slow",
    409: "Not in the present state",
    413: "Too large",
    415: "Not this kind of content",
    422: "The request cannot be right",
    429: "Too often",
    500: "A mistake of Amparo's",
    503: "Not now",
}
_CODES = {
    400: "unreadable",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    415: "media_type",
    429: "too_often",
    503: "busy",
}
_PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": Problem, "content": {PROBLEM: {}}, "description": _TITLES[status]}
    for status in (400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503)
}

_log = structlog.get_logger(__name__)
_seldom = Seldom(_log)


def create_api(serving: Serving) -> FastAPI:
    """The application; `serving` must stay open as long as it is called."""
    api = routes()
    serving.metrics.ask(HostMetrics(serving))
    serving.metrics.ask(WaitingMetrics(serving.database, serving.clock))
    api.state.serving = serving
    api.state.bodies = Bodies(serving.settings.uploads_bytes)
    api.state.lanes = Lanes()
    api.state.rates = Rates(serving.settings.key_rate)
    api.state.at_passwords = TurnsAtPasswords()
    return api


def routes() -> FastAPI:
    """The application before anything is open, which can tell its schema."""
    # The page at /docs asks for a key: all that it runs comes from here and not from elsewhere.
    api = FastAPIOffline(
        title="Amparo",
        version=__version__,
        summary="Uploads in, decisions out, on record.",
        docs_url="/docs",
        redoc_url=None,
        responses=_PROBLEMS,
    )
    for part in (health, media, texts, matches, lists, proposals, decisions, session, webhooks,
                 notices, checkpoints):  # fmt: skip
        api.include_router(part.router)
    api.include_router(session.known)
    api.include_router(notices.public)
    api.include_router(health.counted)
    api.add_exception_handler(AmparoError, _told)
    api.add_exception_handler(HTTPException, _http_told)
    api.add_exception_handler(RequestValidationError, _invalid_told)
    api.add_exception_handler(Exception, _mistake_told)
    api.add_middleware(_RequestIds)
    return api


class _RequestIds:
    """Every answer and every line in the log name the request; no answer is kept by anybody."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        others = [(b"x-request-id", request_id.encode()), (b"x-content-type-options", b"nosniff")]
        if scope["path"].startswith(("/v1/", "/hma/")):
            others.append((b"cache-control", b"no-store"))

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *others]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, send_named)


def _request_id(scope: Scope) -> str:
    """The caller's, where it is a UUID, or a new one."""
    given = dict(scope["headers"]).get(b"x-request-id", b"")
    try:
        return str(UUID(given.decode("ascii")))
    except ValueError:
        return str(new_id())


async def _told(_: Request, error: Exception) -> Response:
    assert isinstance(error, AmparoError)
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    if isinstance(error, Denied):
        status = _DENIED.get(error.code, status)
    if isinstance(error, Unavailable):
        # Why is for the operator; a caller need not know our hosts and folders.
        _seldom.warning("Something is away.", why=error.message)
        return _problem(status, error.code, "Amparo cannot do this now; nothing was done.")
    others = {}
    if isinstance(error, AtWork):
        others["Retry-After"] = "1"
    if isinstance(error, TooManyAttempts):
        others["Retry-After"] = str(error.wait_s)
    return _problem(status, error.code, error.message, others)


async def _http_told(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "error")
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request))
    return _problem(error.status_code, code, str(error.detail), headers)


def _methods(request: Request) -> list[str]:
    """What the path takes: each method is a route of its own."""
    paths = request.app.openapi()["paths"]
    asked = request.scope["path"]
    templates = (each for each in paths if compile_path(each)[0].match(asked))
    return sorted({verb.upper() for each in templates for verb in paths[each]})


async def _invalid_told(_: Request, error: Exception) -> Response:
    """Which field is wrong and how; not what was in it, which may be a hash."""
    assert isinstance(error, RequestValidationError)
    return _problem(422, "invalid", told(error.errors()))


async def _mistake_told(_: Request, error: Exception) -> Response:
    _log.error("A request failed.", exc_info=error)
    return _problem(500, "error", "Amparo itself failed; its log says how.")


def _problem(
    status: int, code: str, detail: str, others: Mapping[str, str] = MappingProxyType({})
) -> Response:
    title = _TITLES.get(status, "Error")
    headers = dict(others)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status in (429, 503):
        headers.setdefault("Retry-After", "1")
    problem = Problem(title=title, status=status, code=code, detail=detail)
    return JSONResponse(
        problem.model_dump(), status_code=status, headers=headers, media_type=PROBLEM
    )
