"""Who calls, by a key or a session, and the scope that a route needs."""

import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import Message

from amparo.access.keys import require
from amparo.access.model import Actor, Scope
from amparo.access.people.model import Session
from amparo.access.people.sessions import present_session
from amparo.app.serving import Serving
from amparo.core.errors import Denied
from amparo.interfaces.calls.admission import Bodies, Rates, Room
from amparo.interfaces.web.cookies import session_token

MOST_JSON_BYTES = 16 * 1024 * 1024
"""Enough for 1000 signals with long notes."""

FORM_TOKEN = "X-Form-Token"  # noqa: S105 (the name of a header)
_READING = ("GET", "HEAD")
_NAME = re.compile(r"[0-9A-Za-z-]{1,40}")
"""Whatever else a path says is nothing's name, and does not go on record."""

_bearer = HTTPBearer(auto_error=False, description="A key that `amparo keys create` has printed.")


async def serving_of(request: Request) -> Serving:
    """What this process has open; `async`, or each call would wait for a thread."""
    serving = request.app.state.serving
    assert isinstance(serving, Serving)
    return serving


Open = Annotated[Serving, Depends(serving_of)]


async def sends_key(request: Request) -> bool:
    """Whether a key comes with it, good or not; else it can only be somebody's session."""
    return await _bearer(request) is not None


class KnownCaller(APIRoute):
    """A route on which it is known who calls before a byte of the body is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Raises Denied; HTTPException 413 and 503 where the body is too much."""
        handle = super().get_route_handler()

        async def handle_known(request: Request) -> Response:
            request.state.actor = await _actor(request)
            if self.body_field is None:
                return await handle(request)
            bodies = request.app.state.bodies
            assert isinstance(bodies, Bodies)
            with bodies.room() as room:
                return await handle(Request(request.scope, _Limited(request, room)))

        return handle_known


class _Limited:
    """Receives a JSON body as far as there is room for it."""

    def __init__(self, request: Request, room: Room) -> None:
        self._receive = request.receive
        self._room = room

    async def __call__(self) -> Message:
        """Raises HTTPException 413 and 503."""
        message = await self._receive()
        self._room.take(len(message.get("body", b"")))
        if self._room.taken > MOST_JSON_BYTES:
            raise HTTPException(413, f"A body of JSON may have {MOST_JSON_BYTES} bytes.")
        return message


async def _actor(request: Request) -> Actor:
    """Whoever has the key that is sent, or else the session. Raises Denied."""
    given = await _bearer(request)
    serving = await serving_of(request)
    if given is not None:
        actor = await _holder(given, serving)
    else:
        request.state.session = await _session(request, serving)
        actor = request.state.session.person.actor
    rates = request.app.state.rates
    assert isinstance(rates, Rates)
    rates.take(actor.name)
    return actor


async def _session(request: Request, serving: Serving) -> Session:
    """Of a browser in which somebody is signed in; what changes something carries its token."""
    token = session_token(request, serving.settings)
    if token is None:
        raise Denied("Send a key as `Authorization: Bearer …`.")
    carried = request.headers.get(FORM_TOKEN, "")
    if request.method not in _READING and not serving.access_key.is_form_token(carried, token):
        raise Denied(f"Send the session's form_token as {FORM_TOKEN}.", code="form_stale")
    return await run_in_threadpool(present_session, serving.database, token, serving.clock)


async def _holder(given: HTTPAuthorizationCredentials, serving: Serving) -> Actor:
    """Most keys were used within the last second, and cost no question to the database."""
    actor = serving.keys.fresh(given.credentials)
    if actor is None:
        actor = await run_in_threadpool(serving.keys.actor, given.credentials)
    return actor


class Caller:
    """A dependency of routes that are KnownCaller: the actor, who has the scope. Raises Denied.

    Of several scopes one is enough.
    """

    def __init__(self, *scopes: Scope) -> None:
        self.scopes = scopes

    async def __call__(
        self,
        request: Request,
        _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Actor:
        """`_` is there for the schema."""
        actor = request.state.actor
        assert isinstance(actor, Actor)
        require(actor, *self.scopes)
        return actor


class Looker(Caller):
    """A caller who wants to see one thing: where they may not, that is on record. Raises Denied.

    `feature` and `what` are what the record calls it; `named` is the path's part that names it.
    """

    def __init__(self, feature: str, what: str, named: str, scope: Scope) -> None:
        super().__init__(scope)
        self._feature = feature
        self._what = what
        self._named = named

    async def __call__(
        self,
        request: Request,
        _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Actor:
        """`_` is there for the schema."""
        try:
            return await super().__call__(request, _)
        except Denied:
            name = request.path_params[self._named]
            subject = f"{self._what}:{name if _NAME.fullmatch(name) else '?'}"
            refusals = (await serving_of(request)).refusals
            action = f"{self._feature}.look_refused"
            await run_in_threadpool(refusals.note, request.state.actor, action, subject)
            raise


async def _visitor(
    request: Request,
    _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Session:
    session = getattr(request.state, "session", None)
    if not isinstance(session, Session):
        raise Denied("A key is nobody's session; sign in.", code="not_a_person")
    return session


Visitor = Annotated[Session, Depends(_visitor)]
MediaSubmitter = Annotated[Actor, Depends(Caller(Scope.MEDIA_SUBMIT))]
MediaReader = Annotated[Actor, Depends(Looker("media", "media", "media_id", Scope.MEDIA_READ))]
MatchesReader = Annotated[Actor, Depends(Caller(Scope.MATCHES_READ))]
DecisionsReader = Annotated[Actor, Depends(Caller(Scope.DECISIONS_READ))]
ListsReader = Annotated[Actor, Depends(Caller(Scope.LISTS_READ))]
ListsWriter = Annotated[Actor, Depends(Caller(Scope.LISTS_WRITE))]
WebhooksManager = Annotated[Actor, Depends(Caller(Scope.WEBHOOKS_MANAGE))]
NoticesSubmitter = Annotated[Actor, Depends(Caller(Scope.NOTICES_SUBMIT))]
NoticesReader = Annotated[Actor, Depends(Caller(Scope.NOTICES_READ))]
NoticeLooker = Annotated[Actor, Depends(Looker("notices", "notice", "number", Scope.NOTICES_READ))]
NoticesAnswerer = Annotated[Actor, Depends(Caller(Scope.NOTICES_ANSWER))]
WitnessedTrail = Annotated[Actor, Depends(Caller(Scope.AUDIT_WITNESS))]
CheckpointsReader = Annotated[Actor, Depends(Caller(Scope.AUDIT_WITNESS, Scope.AUDIT_READ))]
MetricsReader = Annotated[Actor, Depends(Caller(Scope.METRICS_READ))]
