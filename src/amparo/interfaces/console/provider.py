"""Sign in with the operator's own provider: sent there, and received back."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from amparo.access.people.discovery import Discovery
from amparo.access.people.sign_in import sign_in_by_provider
from amparo.app.serving import Serving
from amparo.core.errors import Denied
from amparo.interfaces.console.visitors import Open
from amparo.interfaces.web.cookies import (
    drop_provider_state,
    keep_provider_state,
    provider_state,
)
from amparo.interfaces.web.letting_in import let_in
from amparo.interfaces.web.pages import page
from amparo.interfaces.web.turns import Turns

AT_ONCE = 4
"""So many ask the provider at once; it may take seconds to answer."""

router = APIRouter()


async def _at_provider(request: Request) -> Turns:
    turns = request.app.state.at_provider
    assert isinstance(turns, Turns)
    return turns


async def _discovery(request: Request) -> Discovery:
    discovery = request.app.state.discovery
    assert isinstance(discovery, Discovery)
    return discovery


AtProvider = Annotated[Turns, Depends(_at_provider)]
Known = Annotated[Discovery, Depends(_discovery)]


@router.get("/provider")
async def send(serving: Open, known: Known, turns: AtProvider) -> Response:
    """To the provider."""
    return await turns.take(partial(_sent, serving, known))


def _sent(serving: Serving, known: Discovery) -> Response:
    from amparo.access.people.provider import Provider  # few need it, and it is large

    url, errand = Provider(serving.settings, known).send()
    answer = RedirectResponse(url, status_code=303)
    sealed = serving.access_key.seal(errand.to_bytes()).decode()
    keep_provider_state(answer, sealed, serving.settings)
    return answer


@router.get("/provider/back")
async def receive(
    request: Request, serving: Open, known: Known, turns: AtProvider,
    state: str = "", code: str = "", error: str = "",
) -> Response:  # fmt: skip
    """From it. A page of ours leads on: the session's cookie goes with no link from elsewhere."""
    sealed = provider_state(request, serving.settings)
    if sealed is None or error:
        raise Denied("The provider has not let you in.", code="provider_refused")
    return await turns.take(partial(_received, request, serving, known, sealed, state, code))


def _received(
    request: Request, serving: Serving, known: Discovery, sealed: str, state: str, code: str
) -> Response:
    from amparo.access.people.provider import STATE_S, Errand, Provider

    errand = Errand.from_bytes(serving.access_key.open(sealed.encode(), STATE_S))
    vouched = Provider(serving.settings, known).receive(errand, state, code)
    session = sign_in_by_provider(
        serving.database, vouched.issuer, vouched.subject, vouched.email, serving.clock
    )
    answer = page(request, "console/let_in.html", language=session.person.language)
    drop_provider_state(answer, serving.settings)
    let_in(request, answer, session, serving)
    return answer
