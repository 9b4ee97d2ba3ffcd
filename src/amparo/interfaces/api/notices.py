"""Notices: told by users, trusted flaggers and hotlines; asked about; answered by people."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from pydantic import ValidationError

from amparo.app.take_notice import answer_notice
from amparo.core.errors import Invalid
from amparo.detect.deciding.model import MatchFacts
from amparo.interfaces.api.media import IdempotencyKey
from amparo.interfaces.calls.admission import Bodies, Lanes
from amparo.interfaces.calls.body import receive
from amparo.interfaces.calls.callers import (
    KnownCaller,
    NoticeLooker,
    NoticesAnswerer,
    NoticesReader,
    NoticesSubmitter,
    Open,
)
from amparo.respond.review.notices.model import (
    NewNotice,
    Notice,
    NoticeKind,
    Outcome,
    Sender,
    Told,
)
from amparo.respond.review.notices.store import Notices
from amparo.respond.review.notices.words import DONE, WAITING
from amparo.wire.media import MatchAnswer
from amparo.wire.notices import (
    LanguageName,
    NoticeAcknowledged,
    NoticeAnswer,
    NoticeSaid,
    NoticeShown,
    NoticeStatus,
    NoticeTold,
    Number,
)
from amparo.wire.schema import schema_of
from amparo.wire.wrong import told

router = APIRouter(prefix="/v1/notices", tags=["notices"], route_class=KnownCaller)
public = APIRouter(prefix="/v1/notices", tags=["notices"])

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "metadata"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "metadata": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "contentSchema": schema_of(NoticeSaid),
                        },
                    },
                }
            },
            "application/json": {"schema": schema_of(NoticeSaid)},
        },
    }
}


@router.post("", status_code=201, openapi_extra=_BODY)
async def take(
    request: Request, serving: Open, actor: NoticesSubmitter, key: IdempotencyKey = None
) -> NoticeAcknowledged:
    """Take a notice in: JSON, or multipart with `file` and the same JSON as `metadata`."""
    bodies = request.app.state.bodies
    assert isinstance(bodies, Bodies)
    with bodies.room() as room:
        body = await receive(request, serving.settings.max_file_bytes, room)
        new = _new(body.metadata, has_media=bool(body.data))
        lanes = request.app.state.lanes
        assert isinstance(lanes, Lanes)
        made = await lanes.run(body.data, partial(serving.notices.take, new, body.data, key, actor))
    notice = made.notice
    return NoticeAcknowledged(
        number=notice.number,
        secret=made.secret,
        received_at=notice.received_at,
        due_at=notice.due_at,
        signed=notice.is_signed,
    )


@router.get("")
def show_all(
    serving: Open,
    actor: NoticesReader,
    answered: bool = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[NoticeShown]:
    """Those that wait, by when they are due; or those that are answered, the newest first."""
    with serving.database.reading() as work:
        store = Notices(work, actor.organisation_id)
        found = store.answered(limit) if answered else store.waiting(limit)
    return [NoticeShown(**_shown(each, serving)) for each in found]


@public.get("/{number}")
def status(
    number: Number,
    serving: Open,
    secret: Annotated[str, Header(alias="X-Notice-Secret", max_length=40)] = "",
    language: LanguageName | None = None,
) -> NoticeStatus:
    """What became of a notice, for whoever has its number and secret; no key is needed."""
    notice = serving.notices.status(number, secret)
    spoken = language or notice.language
    answer = notice.answer
    return NoticeStatus(
        number=notice.number,
        received_at=notice.received_at,
        due_at=notice.due_at,
        outcome=answer.outcome.value if answer else None,
        said=(DONE[answer.outcome] if answer else WAITING)[spoken],
        why=answer.why if answer else "",
        answered_at=answer.answered_at if answer else None,
    )


@router.get("/{number}/told")
def look(number: Number, serving: Open, actor: NoticeLooker) -> NoticeTold:
    """All that was told, and what lists say of the file; the look is on record."""
    told, matches = serving.notices.look(number, actor)
    return _told(told, matches, serving)


@router.post("/{number}/answer", status_code=201)
def answer(
    number: Number, body: NoticeAnswer, serving: Open, actor: NoticesAnswerer
) -> NoticeShown:
    """Say what was done and why, once; whoever told will read it."""
    notice = answer_notice(
        serving.database, number, Outcome(body.outcome), body.why, actor, serving.clock
    )
    return NoticeShown(**_shown(notice, serving))


def _new(text: bytes, *, has_media: bool) -> NewNotice:
    """Raises Invalid, which names the field and not what was in it."""
    if has_media and not text:
        raise Invalid(
            "The notice itself is missing: send multipart/form-data that has a part `metadata`, "
            "with the notice as JSON, beside `file`."
        )
    whole = "metadata" if has_media else "body"
    try:
        said = NoticeSaid.model_validate_json(text)
    except ValidationError as error:
        errors = error.errors(include_input=False, include_url=False)
        raise Invalid(told(errors, whole=whole)) from None
    return NewNotice(
        kind=NoticeKind(said.kind),
        sender=Sender(said.sender),
        urls=said.urls,
        explanation=said.explanation,
        contact=said.contact,
        signature=said.signature,
        good_faith=said.good_faith,
        language=said.language,
        has_media=has_media,
    )


def _shown(notice: Notice, serving: Open) -> dict[str, Any]:
    answered = notice.answer
    return {
        "number": notice.number,
        "kind": notice.kind.value,
        "sender": notice.sender.value,
        "signed": notice.is_signed,
        "language": notice.language,
        "received_at": notice.received_at,
        "due_at": notice.due_at,
        "overdue": answered is None and notice.due_at < serving.clock.now(),
        "outcome": answered and answered.outcome.value,
        "answered_at": answered and answered.answered_at,
    }


def _told(told: Told, matches: tuple[MatchFacts, ...], serving: Open) -> NoticeTold:
    return NoticeTold(
        **_shown(told.notice, serving),
        urls=list(told.urls),
        explanation=told.explanation,
        contact=told.contact,
        signature=told.signature,
        has_file=told.held_as is not None,
        matches=[MatchAnswer.model_validate(each, from_attributes=True) for each in matches],
    )
