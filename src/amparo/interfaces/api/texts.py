"""Links looked up, texts and searches decided."""

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from amparo.access.model import Actor
from amparo.app.decide_text import Submission
from amparo.app.serving import Serving
from amparo.app.told import match_of
from amparo.core.errors import Invalid
from amparo.detect.deciding.decide import SEARCH
from amparo.detect.deciding.model import ContextFacts, UploaderFacts
from amparo.detect.matching.host.sift import sifted_written
from amparo.detect.matching.host.written import Placed, Written, asked_of_links
from amparo.detect.texts.folding import folded_length
from amparo.detect.texts.links import BadLink, Link
from amparo.interfaces.api.media import IdempotencyKey
from amparo.interfaces.calls.admission import Bodies
from amparo.interfaces.calls.body import receive_text
from amparo.interfaces.calls.callers import KnownCaller, MatchesReader, MediaSubmitter, Open
from amparo.wire.media import MatchAnswer
from amparo.wire.schema import schema_of
from amparo.wire.texts import (
    SearchAnswer,
    SearchSubmission,
    TextAnswer,
    TextSubmission,
    UrlProblem,
    UrlsAnswer,
    UrlsRequest,
)
from amparo.wire.wrong import told

M = TypeVar("M", bound=BaseModel)

_WORKING_BYTES = 16
"""So many take a letter of a folded text while it is looked up."""

router = APIRouter(prefix="/v1", tags=["texts"], route_class=KnownCaller)


def _body(kind: type[BaseModel]) -> dict[str, Any]:
    content = {"application/json": {"schema": schema_of(kind)}}
    return {"requestBody": {"required": True, "content": content}}


@router.post("/urls", response_model=UrlsAnswer)
def look_up(request: UrlsRequest, serving: Open, actor: MatchesReader) -> Response:
    """What up to 1000 links match: each itself, all above it, and its host."""
    links, problems = [], []
    for item, url in enumerate(request.urls):
        try:
            links.append(Placed(Link.of(url), item=item))
        except BadLink as error:
            problems.append(UrlProblem(item=item, message=f"{error.message}."))
    asked = asked_of_links(links, serving.index, actor.organisation_id)
    serving.metrics.looked_up(len(request.urls))
    listed = serving.index.look_up(asked, actor.organisation_id, serving.clock.now())
    found = sifted_written(listed, asked)
    results: list[list[MatchAnswer]] = [[] for _ in request.urls]
    for one in found.counted:
        match = match_of(one, asked[one.asked])
        results[match.item].append(MatchAnswer.model_validate(match, from_attributes=True))
    serving.look_ups.count(actor, asked=len(request.urls), matched=sum(map(bool, results)))
    answer = UrlsAnswer(
        results=results,
        suppressed=[
            MatchAnswer.model_validate(match_of(one, asked[one.asked]), from_attributes=True)
            for one in found.suppressed
        ],
        problems=problems,
        revisions={
            each.name: each.revision for each in serving.index.lists(actor.organisation_id).values()
        },
    )
    return Response(answer.__pydantic_serializer__.to_json(answer), media_type="application/json")


@router.post("/texts", openapi_extra=_body(TextSubmission), response_model=TextAnswer)
async def submit(
    request: Request, serving: Open, actor: MediaSubmitter, key: IdempotencyKey = None
) -> Response:
    """Decide on what somebody wrote, and on accounts and addresses that belong to it."""

    def written(body: bytes) -> Submission:
        said = _said(TextSubmission, body)
        _check_size(said.text, serving)
        return Submission(
            Written(said.text, said.accounts, said.emails),
            UploaderFacts(**said.uploader.model_dump()),
            ContextFacts(surface=said.context.surface, labels=said.context.labels),
            key,
        )

    return Response(
        to_json(await _decided(request, serving, actor, written)), media_type="application/json"
    )


@router.post("/searches", openapi_extra=_body(SearchSubmission), response_model=SearchAnswer)
async def search(
    request: Request, serving: Open, actor: MediaSubmitter, key: IdempotencyKey = None
) -> Response:
    """Decide on what somebody searches for, and which message they are shown."""

    def searched(body: bytes) -> Submission:
        said = _said(SearchSubmission, body)
        return Submission(
            Written(said.query),
            UploaderFacts(**said.uploader.model_dump()),
            ContextFacts(surface=SEARCH, labels=said.context.labels),
            key,
        )

    answer = await _decided(request, serving, actor, searched)
    told = {name: answer[name] for name in SearchAnswer.model_fields if name in answer}
    told |= {"search_id": answer["media_id"], "blocked": answer["action"] == "block"}
    return Response(to_json(told), media_type="application/json")


async def _decided(
    request: Request, serving: Serving, actor: Actor, read: Callable[[bytes], Submission]
) -> dict[str, Any]:
    """Receive, read and decide, all within the room that there is for bodies."""
    bodies = request.app.state.bodies
    assert isinstance(bodies, Bodies)
    with bodies.room() as room:
        body = await receive_text(request, serving.settings.max_text_bytes, room)
        said = read(body)
        length = await run_in_threadpool(folded_length, said.written.text)
        room.take(_WORKING_BYTES * length)
        return await run_in_threadpool(serving.texts.submit, said, actor)


def _said(kind: type[M], body: bytes) -> M:
    """What was said. Raises Invalid, which names the field and not what was in it."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise Invalid(told(error.errors(include_input=False, include_url=False))) from None


def _check_size(text: str, serving: Serving) -> None:
    most = serving.settings.max_text_bytes
    if len(text.encode(errors="surrogatepass")) > most:
        raise HTTPException(413, f"A text may have {most} bytes (AMPARO_MAX_TEXT_BYTES).")
