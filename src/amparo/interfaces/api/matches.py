"""Look-ups of hashes: the hot path, answered from this host alone."""

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from amparo.access.model import Actor
from amparo.app.serving import Serving
from amparo.app.told import match_of
from amparo.core.errors import Invalid
from amparo.detect.hashing.model import Algorithm
from amparo.detect.hashing.plug_ins import algorithm
from amparo.detect.hashing.vpdq import MOST_FRAMES
from amparo.detect.lists.forms import read_value
from amparo.detect.lists.model import Signal
from amparo.detect.matching.host.asked import Asked, asked_of_signal
from amparo.interfaces.calls.callers import KnownCaller, MatchesReader, Open
from amparo.wire.matches import MOST_HASHES, AskedHash, MatchesAnswer, MatchesRequest
from amparo.wire.media import MatchAnswer

_FIXED = frozenset({Algorithm.PDQ, Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256})
"""Digits that the request's model has seen to be such."""

router = APIRouter(prefix="/v1", tags=["matches"], route_class=KnownCaller)


@router.post("/matches", response_model=MatchesAnswer)
async def look_up(request: MatchesRequest, serving: Open, actor: MatchesReader) -> Response:
    """What up to 1000 hashes match on the organisation's lists."""
    if any(each.algorithm == Algorithm.VPDQ.value for each in request.hashes):
        # Frames of videos take their time, in which the other requests would wait.
        return await run_in_threadpool(_looked_up, request, serving, actor)
    return _looked_up(request, serving, actor)


def _looked_up(request: MatchesRequest, serving: Serving, actor: Actor) -> Response:
    asked = [one for number, each in enumerate(request.hashes) for one in _asked(number, each)]
    if len(asked) > MOST_FRAMES + MOST_HASHES:
        raise Invalid(f"These videos have more than {MOST_FRAMES} frames together; ask for fewer.")
    serving.metrics.looked_up(len(request.hashes))
    now = serving.clock.now()
    results: list[list[MatchAnswer]] = [[] for _ in request.hashes]
    for listed in serving.index.look_up(asked, actor.organisation_id, now):
        if listed.is_suppressed:
            continue
        by = asked[listed.asked]
        facts = match_of(listed, by)
        results[by.file].append(MatchAnswer.model_validate(facts, from_attributes=True))
    matched = sum(map(bool, results))
    serving.look_ups.count(actor, asked=len(request.hashes), matched=matched)
    revisions = {
        each.name: each.revision for each in serving.index.lists(actor.organisation_id).values()
    }
    answer = MatchesAnswer(results=results, revisions=revisions)
    return Response(answer.__pydantic_serializer__.to_json(answer), media_type="application/json")


def _asked(number: int, given: AskedHash) -> list[Asked]:
    """A hash as it is looked up; of a video, its frames."""
    kind = algorithm(given.algorithm)
    if kind in _FIXED and len(given.value) == kind.digits:  # a thousand of them in a request
        return [Asked(kind, bytes.fromhex(given.value), given.quality, file=number)]
    try:
        value, text = read_value(kind, given.value)
    except Invalid as error:
        raise Invalid(f"hashes.{number}.value {error.message}.") from error
    return asked_of_signal(Signal("", kind, value, given.quality, text=text), number)
