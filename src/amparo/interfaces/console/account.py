"""One's own page: who one is, where one is signed in, new recovery codes."""

from functools import partial

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from amparo.access.people.model import Language, Session
from amparo.access.people.sessions import sessions_of
from amparo.app.change_people import change_language, renew_recovery_codes
from amparo.app.serving import Serving
from amparo.core.errors import Denied, Invalid
from amparo.interfaces.console.messages import said_of
from amparo.interfaces.console.visitors import Open, SignedIn
from amparo.interfaces.web.forms import Fields, Form
from amparo.interfaces.web.letting_in import given_in, refused
from amparo.interfaces.web.pages import page
from amparo.interfaces.web.turns import AtPasswords

router = APIRouter()


@router.get("/")
def show(request: Request, serving: Open, session: SignedIn) -> Response:
    """The page."""
    return _page(request, serving, session)


@router.post("/language")
def speak(serving: Open, session: SignedIn, form: Form) -> Response:
    """Have all pages in another language."""
    try:
        language = Language(form.get("language", ""))
    except ValueError:
        raise Invalid("There are pages in `en` and in `es`.") from None
    change_language(serving.database, session.person, language)
    return RedirectResponse("/console/", status_code=303)


@router.post("/recovery-codes")
async def renew(
    request: Request, serving: Open, session: SignedIn, form: Form, turns: AtPasswords
) -> Response:
    """New codes, for whoever can sign in anew: a browser left alone must not give them."""
    return await turns.known.take(partial(_renewed, request, serving, session, form))


def _renewed(request: Request, serving: Serving, session: Session, form: Fields) -> Response:
    person = session.person
    given = given_in(request, person.email, form.get("password", ""), form.get("code", ""), serving)
    try:
        codes = renew_recovery_codes(serving.database, given, serving.access_key, serving.clock)
    except Denied as error:
        said = said_of(error, person.language)
        return refused(_page(request, serving, session, said), error)
    return page(request, "console/recovery.html", {"codes": codes}, language=person.language)


def _page(request: Request, serving: Open, session: Session, said: str = "") -> Response:
    with serving.database.reading() as work:
        browsers = sessions_of(work, session.person.id, serving.clock.now())
    values = {"person": session.person, "browsers": browsers, "said": said}
    return page(
        request, "console/account.html", values,
        status=403 if said else 200, language=session.person.language,
    )  # fmt: skip
