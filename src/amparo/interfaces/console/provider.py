"""Sign in with the operator's own provider: sent there, and received back."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from amparo.access.people.sign_in import sign_in_by_provider
from amparo.core.errors import Denied
from amparo.interfaces.console.visitors import Open
from amparo.interfaces.web.cookies import (
    drop_provider_state,
    keep_provider_state,
    provider_state,
)
from amparo.interfaces.web.letting_in import let_in
from amparo.interfaces.web.pages import page

router = APIRouter()


@router.get("/provider")
def send(serving: Open) -> Response:
    """To the provider."""
    from amparo.access.people.provider import Provider  # few need it, and it is large

    url, errand = Provider(serving.settings).send()
    answer = RedirectResponse(url, status_code=303)
    sealed = serving.access_key.seal(errand.to_bytes()).decode()
    keep_provider_state(answer, sealed, serving.settings)
    return answer


@router.get("/provider/back")
def receive(
    request: Request, serving: Open, state: str = "", code: str = "", error: str = ""
) -> Response:
    """From it. A page of ours leads on: the session's cookie goes with no link from elsewhere."""
    from amparo.access.people.provider import STATE_S, Errand, Provider

    sealed = provider_state(request, serving.settings)
    if sealed is None or error:
        raise Denied("The provider has not let you in.", code="provider_refused")
    errand = Errand.from_bytes(serving.access_key.open(sealed.encode(), STATE_S))
    vouched = Provider(serving.settings).receive(errand, state, code)
    session = sign_in_by_provider(
        serving.database, vouched.issuer, vouched.subject, vouched.email, serving.clock
    )
    answer = page(request, "console/let_in.html", language=session.person.language)
    drop_provider_state(answer, serving.settings)
    let_in(request, answer, session, serving)
    return answer
