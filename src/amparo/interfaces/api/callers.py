"""Who calls: the key in the Authorization header, and the scope that a route needs."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import Message

from amparo.access.keys import require
from amparo.access.model import Actor, Scope
from amparo.app.serving import Serving
from amparo.core.errors import Denied
from amparo.interfaces.api.admission import Bodies, Rates, Room

MOST_JSON_BYTES = 16 * 1024 * 1024
"""Enough for 1000 signals with long notes."""

_bearer = HTTPBearer(auto_error=False, description="A key that `amparo keys create` has printed.")


async def serving_of(request: Request) -> Serving:
    """What this process has open; `async`, or each call would wait for a thread."""
    serving = request.app.state.serving
    assert isinstance(serving, Serving)
    return serving


Open = Annotated[Serving, Depends(serving_of)]


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
    """Most keys were used within the last second, and cost no question to the database."""
    given = await _bearer(request)
    if given is None:
        raise Denied("Send a key as `Authorization: Bearer …`.")
    serving = await serving_of(request)
    actor = serving.keys.fresh(given.credentials)
    if actor is None:
        actor = await run_in_threadpool(serving.keys.actor, given.credentials)
    rates = request.app.state.rates
    assert isinstance(rates, Rates)
    rates.take(actor.name)
    return actor


class Caller:
    """A dependency of routes that are KnownCaller: the actor, who has the scope. Raises Denied."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __call__(
        self,
        request: Request,
        _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Actor:
        """`_` is there for the schema."""
        actor = request.state.actor
        assert isinstance(actor, Actor)
        require(actor, self.scope)
        return actor


MediaSubmitter = Annotated[Actor, Depends(Caller(Scope.MEDIA_SUBMIT))]
MediaReader = Annotated[Actor, Depends(Caller(Scope.MEDIA_READ))]
MatchesReader = Annotated[Actor, Depends(Caller(Scope.MATCHES_READ))]
DecisionsReader = Annotated[Actor, Depends(Caller(Scope.DECISIONS_READ))]
ListsReader = Annotated[Actor, Depends(Caller(Scope.LISTS_READ))]
ListsWriter = Annotated[Actor, Depends(Caller(Scope.LISTS_WRITE))]
MetricsReader = Annotated[Actor, Depends(Caller(Scope.METRICS_READ))]
