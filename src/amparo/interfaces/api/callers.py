"""Who calls: the key in the Authorization header, and the scope that a route needs."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from amparo.access.keys import require
from amparo.access.model import Actor, Scope
from amparo.app.serving import Serving
from amparo.core.errors import Denied
from amparo.interfaces.api.admission import Rates

_bearer = HTTPBearer(auto_error=False, description="A key that `amparo keys create` has printed.")


async def serving_of(request: Request) -> Serving:
    """What this process has open; `async`, or each call would wait for a thread."""
    serving = request.app.state.serving
    assert isinstance(serving, Serving)
    return serving


Open = Annotated[Serving, Depends(serving_of)]


class Caller:
    """A dependency: the actor, who has the scope. Raises Denied."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __call__(
        self,
        request: Request,
        serving: Open,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Actor:
        """Most keys were used within the last second, and cost no question to the database."""
        if given is None:
            raise Denied("Send a key as `Authorization: Bearer …`.")
        actor = serving.keys.fresh(given.credentials)
        if actor is None:
            actor = await run_in_threadpool(serving.keys.actor, given.credentials)
        rates = request.app.state.rates
        assert isinstance(rates, Rates)
        rates.take(actor.name)
        require(actor, self.scope)
        return actor


MediaSubmitter = Annotated[Actor, Depends(Caller(Scope.MEDIA_SUBMIT))]
MediaReader = Annotated[Actor, Depends(Caller(Scope.MEDIA_READ))]
MatchesReader = Annotated[Actor, Depends(Caller(Scope.MATCHES_READ))]
DecisionsReader = Annotated[Actor, Depends(Caller(Scope.DECISIONS_READ))]
ListsReader = Annotated[Actor, Depends(Caller(Scope.LISTS_READ))]
ListsWriter = Annotated[Actor, Depends(Caller(Scope.LISTS_WRITE))]
MetricsReader = Annotated[Actor, Depends(Caller(Scope.METRICS_READ))]
