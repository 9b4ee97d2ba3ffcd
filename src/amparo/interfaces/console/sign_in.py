"""Sign in and out."""

import re
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from amparo.access.people.model import Given
from amparo.access.people.sign_in import sign_in
from amparo.app.change_people import sign_out
from amparo.app.serving import Serving
from amparo.core.errors import Denied
from amparo.interfaces.console.messages import said_of
from amparo.interfaces.console.visitors import Open, SignedIn
from amparo.interfaces.web.cookies import drop_session
from amparo.interfaces.web.forms import Fields, Form
from amparo.interfaces.web.languages import language_of
from amparo.interfaces.web.letting_in import given_in, is_known, let_in, refused
from amparo.interfaces.web.pages import page
from amparo.interfaces.web.turns import AtPasswords

router = APIRouter()

_OURS = re.compile(r"/console/([a-z0-9-]+/?)*")
"""Where a sign-in may lead: never to another site."""


@router.get("/sign-in")
def show(request: Request, serving: Open, to: Annotated[str, Query(alias="next")] = "") -> Response:
    """The page."""
    return _page(request, serving, to)


@router.post("/sign-in")
async def enter(request: Request, serving: Open, form: Form, turns: AtPasswords) -> Response:
    """Sign in; whatever session the browser had ends."""
    given = given_in(
        request, form.get("email", ""), form.get("password", ""), form.get("code", ""), serving
    )
    at = turns.known if is_known(given, serving) else turns.strangers
    return await at.take(partial(_entered, request, serving, form, given))


@router.post("/sign-out")
def leave(form: Form, serving: Open, session: SignedIn) -> Response:
    """End the session, or all of the person's."""
    sign_out(serving.database, session, serving.clock, everywhere="everywhere" in form)
    answer = RedirectResponse("/console/sign-in", status_code=303)
    drop_session(answer, serving.settings)
    return answer


def _entered(request: Request, serving: Serving, form: Fields, given: Given) -> Response:
    try:
        session = sign_in(serving.database, given, serving.access_key, serving.clock)
    except Denied as error:
        said = said_of(error, language_of(request))
        return refused(_page(request, serving, form.get("next", ""), said, given.email), error)
    answer = RedirectResponse(_safe(form.get("next", "")), status_code=303)
    let_in(request, answer, session, serving)
    return answer


def _page(request: Request, serving: Open, to: str, said: str = "", email: str = "") -> Response:
    values = {
        "said": said,
        "email": email,
        "next": _safe(to),
        "provider": bool(serving.settings.oidc_issuer),
    }
    return page(request, "console/sign_in.html", values, status=403 if said else 200)


def _safe(to: str) -> str:
    return to if _OURS.fullmatch(to) else "/console/"
