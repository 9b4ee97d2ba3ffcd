"""Whoever has signed in: the cookie of the new session, and the end of what the browser had."""

from fastapi import Request, Response

from amparo.access.people.sessions import end_session
from amparo.app.serving import Serving
from amparo.interfaces.web.cookies import keep_session, session_token


def let_in(request: Request, answer: Response, token: str, serving: Serving) -> None:
    """The browser has one session, and a token that somebody copied before is good no more."""
    earlier = session_token(request, serving.settings)
    if earlier is not None:
        with serving.database.work() as work:
            end_session(work, earlier)
    keep_session(answer, token, serving.settings)
