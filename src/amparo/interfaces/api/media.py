"""Uploads: submitted, decided, and asked about again."""

from functools import partial
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError
from pydantic_core import to_json

from amparo.app.pipeline import Upload
from amparo.app.told import answer_of
from amparo.core.errors import Invalid
from amparo.core.ids import MediaId
from amparo.detect.deciding.model import ContextFacts, UploaderFacts
from amparo.detect.deciding.store import Decisions
from amparo.interfaces.calls.admission import Bodies, Lanes
from amparo.interfaces.calls.body import receive
from amparo.interfaces.calls.callers import KnownCaller, MediaReader, MediaSubmitter, Open
from amparo.wire.media import MediaAnswer, MediaMetadata, UrlSubmission
from amparo.wire.schema import schema_of
from amparo.wire.wrong import told

M = TypeVar("M", bound=MediaMetadata)

router = APIRouter(prefix="/v1", tags=["media"], route_class=KnownCaller)

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "metadata": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "contentSchema": schema_of(MediaMetadata),
                        },
                    },
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": schema_of(UrlSubmission)},
        },
    }
}
IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)
]


@router.post("/media", openapi_extra=_BODY, response_model=MediaAnswer)
async def submit(
    request: Request, serving: Open, actor: MediaSubmitter, key: IdempotencyKey = None
) -> Response:
    """Decide on an upload: multipart with `file` and `metadata`, the bytes, or JSON with `url`."""
    bodies = request.app.state.bodies
    assert isinstance(bodies, Bodies)
    with bodies.room() as room:
        body = await receive(request, serving.settings.max_file_bytes, room)
        data, said = body.data, MediaMetadata()
        if body.is_url:
            said = _said(UrlSubmission, body.metadata)
            data = await run_in_threadpool(serving.fetcher.fetch, said.url)
        elif body.metadata:
            said = _said(MediaMetadata, body.metadata)
        upload = Upload(
            data=data,
            uploader=UploaderFacts(**said.uploader.model_dump()),
            context=ContextFacts(surface=said.context.surface, labels=said.context.labels),
            key=key,
        )
        lanes = request.app.state.lanes
        assert isinstance(lanes, Lanes)
        answer = await lanes.run(data, partial(serving.pipeline.submit, upload, actor))
    return Response(to_json(answer), media_type="application/json")


@router.get("/media/{media_id}")
def get(media_id: UUID, serving: Open, actor: MediaReader) -> MediaAnswer:
    """What was decided on an upload."""
    with serving.database.reading() as work:
        one = Decisions(work).get(actor.organisation_id, MediaId(media_id))
    return MediaAnswer(**answer_of(one))


def _said(kind: type[M], text: bytes) -> M:
    """What was said of it. Raises Invalid, which names the field and not what was in it."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        errors = error.errors(include_input=False, include_url=False)
        under = [{**each, "loc": ("metadata", *each["loc"])} for each in errors]
        raise Invalid(told(under)) from None
