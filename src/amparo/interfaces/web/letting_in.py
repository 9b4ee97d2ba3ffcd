"""Whoever signs in: what is typed and where, the cookies of a new session, the end of the old."""

from fastapi import Request, Response

from amparo.access.people.attempts import TooManyAttempts
from amparo.access.people.known_browsers import known_browser, made_known
from amparo.access.people.model import Given, Session
from amparo.access.people.sessions import end_session
from amparo.app.serving import Serving
from amparo.core.errors import Denied
from amparo.interfaces.web.cookies import (
    keep_known,
    keep_session,
    kept_by_browser,
    session_token,
)
from amparo.interfaces.web.forms import address_of


def given_in(request: Request, email: str, password: str, code: str, serving: Serving) -> Given:
    """What somebody types in this browser."""
    kept = kept_by_browser(request, serving.settings)
    return Given(email, password, code, address_of(request), kept)


def is_known(given: Given, serving: Serving) -> bool:
    """Whether this person has signed in here before, and not only says so."""
    return known_browser(given.email, given.browser, serving.access_key) is not None


def let_in(request: Request, answer: Response, session: Session, serving: Serving) -> None:
    """The browser has one session, and a token that somebody copied before is good no more."""
    earlier = session_token(request, serving.settings)
    if earlier is not None:
        with serving.database.work() as work:
            end_session(work, earlier)
    keep_session(answer, session.token, serving.settings)
    kept = kept_by_browser(request, serving.settings)
    known = made_known(session.person.email, kept, serving.access_key)
    keep_known(answer, known, serving.settings)


def refused(answer: Response, error: Denied) -> Response:
    """The page that says so; where somebody must wait, with how many seconds that is."""
    if isinstance(error, TooManyAttempts):
        answer.status_code = 429
        answer.headers["Retry-After"] = str(error.wait_s)
    return answer
