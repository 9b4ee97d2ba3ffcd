"""Look-ups of hashes: the hot path, answered from this host alone."""

from fastapi import APIRouter
from fastapi.responses import Response

from amparo.app.told import match_of
from amparo.core.errors import Invalid
from amparo.detect.hashing.plug_ins import algorithm
from amparo.detect.matching.host.look_up import Asked
from amparo.interfaces.calls.callers import KnownCaller, MatchesReader, Open
from amparo.wire.matches import AskedHash, MatchesAnswer, MatchesRequest
from amparo.wire.media import MatchAnswer

router = APIRouter(prefix="/v1", tags=["matches"], route_class=KnownCaller)


@router.post("/matches", response_model=MatchesAnswer)
async def look_up(request: MatchesRequest, serving: Open, actor: MatchesReader) -> Response:
    """What up to 1000 hashes match on the organisation's lists."""
    asked = [_asked(number, each) for number, each in enumerate(request.hashes)]
    serving.metrics.looked_up(len(asked))
    now = serving.clock.now()
    results: list[list[MatchAnswer]] = [[] for _ in asked]
    for listed in serving.index.look_up(asked, actor.organisation_id, now):
        facts = match_of(listed, asked[listed.asked])
        results[listed.asked].append(MatchAnswer.model_validate(facts, from_attributes=True))
    matched = sum(map(bool, results))
    serving.look_ups.count(actor, asked=len(asked), matched=matched)
    revisions = {
        each.name: each.revision for each in serving.index.lists(actor.organisation_id).values()
    }
    answer = MatchesAnswer(results=results, revisions=revisions)
    return Response(answer.__pydantic_serializer__.to_json(answer), media_type="application/json")


def _asked(number: int, given: AskedHash) -> Asked:
    kind = algorithm(given.algorithm)
    if len(given.value) != kind.digits:
        raise Invalid(
            f"hashes.{number}.value: {given.algorithm} has {kind.digits} hexadecimal digits."
        )
    return Asked(kind, bytes.fromhex(given.value), given.quality)
