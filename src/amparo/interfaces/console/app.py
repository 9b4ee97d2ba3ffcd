"""The console put together: its routes, and errors as pages."""

from importlib.resources import files
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from amparo.access.people.discovery import Discovery
from amparo.app.serving import Serving
from amparo.core.errors import AmparoError, Conflict, Denied, Invalid, NotFound, Unavailable
from amparo.interfaces.console import account, invitation, provider, sign_in
from amparo.interfaces.console.messages import said_of
from amparo.interfaces.console.provider import AT_ONCE
from amparo.interfaces.web.languages import language_of
from amparo.interfaces.web.pages import page
from amparo.interfaces.web.turns import Turns, TurnsAtPasswords

_STATUS: tuple[tuple[type[AmparoError], int], ...] = (
    (NotFound, 404),
    (Invalid, 422),
    (Conflict, 409),
    (Denied, 403),
    (AmparoError, 503),
)
_SAID_OF_HTTP = {404: NotFound(""), 503: Unavailable("", code="busy")}
_log = structlog.get_logger(__name__)


def create_console(serving: Serving, at_passwords: TurnsAtPasswords) -> FastAPI:
    """The application; it is mounted at `/console`, and shares the turns at passwords."""
    console = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    console.state.serving = serving
    console.state.at_passwords = at_passwords
    console.state.at_provider = Turns(AT_ONCE)
    console.state.discovery = Discovery(serving.clock)
    for part in (sign_in, invitation, account, provider):
        console.include_router(part.router)
    static = files("amparo.interfaces.web") / "static"
    console.mount("/static", StaticFiles(directory=str(static)), name="static")
    console.add_exception_handler(AmparoError, _told)
    console.add_exception_handler(HTTPException, _http_told)
    console.add_exception_handler(Exception, _mistake_told)
    return console


async def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, AmparoError)
    if isinstance(error, Denied) and error.code == Denied.code:
        back = quote(request.scope["path"]) if request.method == "GET" else ""
        return RedirectResponse(f"/console/sign-in?next={back}", status_code=303)
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    if status == 503:
        _log.warning("The console cannot answer.", why=error.message)
    return _page(request, said_of(error, language_of(request)), status)


async def _http_told(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = _SAID_OF_HTTP.get(error.status_code)
    said = said_of(known, language_of(request)) if known else ""
    answer = _page(request, said, error.status_code)
    answer.headers.update(error.headers or {})
    return answer


async def _mistake_told(request: Request, error: Exception) -> Response:
    _log.error("A page failed.", exc_info=error)
    return _page(request, "", 500)


def _page(request: Request, said: str, status: int) -> Response:
    return page(request, "console/told.html", {"said": said}, status=status)
