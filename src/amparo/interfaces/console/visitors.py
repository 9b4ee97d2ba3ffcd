"""Who looks at the console: by the session that their browser has."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from amparo.access.people.model import Session
from amparo.access.people.sessions import present_session
from amparo.app.serving import Serving
from amparo.core.errors import Denied
from amparo.interfaces.web.cookies import session_token


async def serving_of(request: Request) -> Serving:
    """What this process has open."""
    serving = request.app.state.serving
    assert isinstance(serving, Serving)
    return serving


Open = Annotated[Serving, Depends(serving_of)]


async def signed_in(request: Request, serving: Open) -> Session:
    """Raises Denied where nobody is."""
    token = session_token(request, serving.settings)
    if token is None:
        raise Denied("You are not signed in.")
    return await run_in_threadpool(present_session, serving.database, token, serving.clock)


SignedIn = Annotated[Session, Depends(signed_in)]
