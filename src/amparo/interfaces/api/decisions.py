"""Decisions on record, the newest first."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from amparo.app.told import answer_of
from amparo.detect.deciding.model import Action
from amparo.detect.deciding.store import Decisions
from amparo.interfaces.calls.callers import DecisionsReader, KnownCaller, Open
from amparo.wire.media import DecisionsPage, MediaAnswer

router = APIRouter(prefix="/v1", tags=["decisions"], route_class=KnownCaller)


@router.get("/decisions")
def decisions(
    serving: Open,
    actor: DecisionsReader,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    before: UUID | None = None,
    action: Literal["allow", "review", "hold", "block"] | None = None,
) -> DecisionsPage:
    """Decisions made before the one that `before` names; `next` asks for those before the page."""
    with serving.database.reading() as work:
        found = Decisions(work).newest(
            actor.organisation_id,
            limit=limit + 1,
            before=before,
            action=None if action is None else Action(action),
        )
    shown = found[:limit]
    more = len(found) > limit
    return DecisionsPage(
        decisions=[MediaAnswer(**answer_of(one)) for one in shown],
        next=str(shown[-1].id) if more else None,
    )
