"""People who call the API from a browser: signed in by a cookie, as the console's are."""

from functools import partial

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import ValidationError

from amparo.access.people.model import Given, Session
from amparo.access.people.sign_in import sign_in
from amparo.app.change_people import sign_out
from amparo.core.errors import Denied, Invalid
from amparo.interfaces.calls.callers import KnownCaller, Open, Visitor
from amparo.interfaces.web.cookies import drop_session
from amparo.interfaces.web.forms import small_body
from amparo.interfaces.web.letting_in import given_in, is_known, let_in
from amparo.interfaces.web.turns import AtPasswords
from amparo.wire.session import SessionAnswer, SignIn

router = APIRouter(prefix="/v1", tags=["people"])
known = APIRouter(prefix="/v1", tags=["people"], route_class=KnownCaller)

_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": SignIn.model_json_schema()}},
    }
}


@router.post("/session", status_code=201, openapi_extra=_BODY)
async def enter(
    request: Request, response: Response, serving: Open, turns: AtPasswords
) -> SessionAnswer:
    """Sign in with address, password and code; the cookie that is set is the session's."""
    _require_own_page(request)
    try:
        said = SignIn.model_validate_json(await small_body(request))
    except ValidationError:
        raise Invalid("A sign-in has an email, a password and a code, all of them texts.") from None
    given = given_in(request, said.email, said.password, said.code, serving)
    at = turns.known if is_known(given, serving) else turns.strangers
    session = await at.take(partial(_entered, request, response, given, serving))
    return _answer(session, serving)


def _entered(request: Request, response: Response, given: Given, serving: Open) -> Session:
    session = sign_in(serving.database, given, serving.access_key, serving.clock)
    let_in(request, response, session, serving)
    return session


@known.get("/session")
def who(serving: Open, session: Visitor) -> SessionAnswer:
    """Who is signed in."""
    return _answer(session, serving)


@known.delete("/session", status_code=204)
def leave(response: Response, serving: Open, session: Visitor, everywhere: bool = False) -> None:
    """End the session, or all of the person's."""
    sign_out(serving.database, session, serving.clock, everywhere=everywhere)
    drop_session(response, serving.settings)


def _require_own_page(request: Request) -> None:
    """No page elsewhere signs a browser in as somebody else: a form cannot send JSON.

    Raises Denied, HTTPException 415.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send application/json.")
    if request.headers.get("sec-fetch-site", "") in ("cross-site", "same-site"):
        raise Denied("Sign in from a page of this site.", code="another_site")


def _answer(session: Session, serving: Open) -> SessionAnswer:
    person = session.person
    return SessionAnswer(
        person=person.id,
        name=person.name,
        roles=sorted(person.roles),
        language=person.language.value,
        form_token=serving.access_key.form_token(session.token),
    )
