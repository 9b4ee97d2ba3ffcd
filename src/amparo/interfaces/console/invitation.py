"""An invitation: choose a password, set up the telephone, keep the recovery codes."""

from functools import partial

from fastapi import APIRouter, Request, Response

from amparo.access.people.codes import new_secret, picture_of, uri_of
from amparo.access.people.invitations import Chosen, invited
from amparo.access.people.model import Person
from amparo.app.change_people import accept_invitation, change_language
from amparo.app.serving import Serving
from amparo.core.errors import Invalid
from amparo.interfaces.console.messages import said_of
from amparo.interfaces.console.visitors import Open
from amparo.interfaces.web.forms import Fields, Form
from amparo.interfaces.web.languages import language_of
from amparo.interfaces.web.letting_in import let_in
from amparo.interfaces.web.pages import page
from amparo.interfaces.web.turns import AtPasswords

router = APIRouter()

_OPEN_S = 3600
"""So long the page may be open."""


@router.get("/invitation/{token}")
def show(request: Request, token: str, serving: Open) -> Response:
    """The page, with a new secret for the telephone."""
    return _page(request, serving, _invited(serving, token), new_secret())


@router.post("/invitation/{token}")
async def take(
    request: Request, token: str, serving: Open, form: Form, turns: AtPasswords
) -> Response:
    """Accept it; the page after it shows the recovery codes, this once."""
    return await turns.strangers.take(partial(_taken, request, token, serving, form))


def _taken(request: Request, token: str, serving: Serving, form: Fields) -> Response:
    person = _invited(serving, token)
    secret = _secret(serving, form.get("sealed", ""), person)
    try:
        if form.get("password") != form.get("again"):
            raise Invalid("The two passwords are not the same.", code="passwords_differ")
        chosen = Chosen(form.get("password", ""), secret, form.get("code", ""))
        session, codes = accept_invitation(
            serving.database, token, chosen, serving.access_key, serving.clock
        )
        language = language_of(request, person.language)
        change_language(serving.database, session.person, language)
    except Invalid as error:
        said = said_of(error, language_of(request, person.language))
        return _page(request, serving, person, secret, said)
    answer = page(request, "console/recovery.html", {"codes": codes}, language=language)
    let_in(request, answer, session, serving)
    return answer


def _invited(serving: Open, token: str) -> Person:
    with serving.database.reading() as work:
        return invited(work, token, serving.clock.now())


def _secret(serving: Open, sealed: str, person: Person) -> str:
    """The telephone's secret, which the page has kept under seal. Raises Invalid."""
    whose, _, secret = serving.access_key.open(sealed.encode(), _OPEN_S).decode().partition(" ")
    if whose != str(person.id):
        raise Invalid("This page was for another invitation.", code="not_sealed_here")
    return secret


def _page(request: Request, serving: Open, person: Person, secret: str, said: str = "") -> Response:
    values = {
        "person": person,
        "picture": picture_of(uri_of(secret, person)),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "sealed": serving.access_key.seal(f"{person.id} {secret}".encode()).decode(),
        "said": said,
    }
    status = 422 if said else 200
    language = language_of(request, person.language)
    return page(request, "console/invitation.html", values, status=status, language=language)
