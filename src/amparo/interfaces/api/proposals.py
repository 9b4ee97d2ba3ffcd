"""What is proposed for negative lists, and waits for a second person."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from amparo.app.change_lists import confirm_proposal, refuse_proposal
from amparo.detect.lists.proposals import proposals, proposed
from amparo.detect.lists.store import Lists
from amparo.interfaces.api.lists import Named, signal_answer
from amparo.interfaces.calls.callers import KnownCaller, ListsReader, ListsWriter, Open
from amparo.wire.lists import ConfirmationAnswer, ProposalAnswer, SignalsPage

router = APIRouter(prefix="/v1", tags=["lists"], route_class=KnownCaller)

Numbered = Annotated[int, Path(ge=0, lt=2**63)]


@router.get("/lists/{name}/proposals")
def waiting(name: Named, serving: Open, actor: ListsReader) -> list[ProposalAnswer]:
    """What waits in the list, the oldest first."""
    with serving.database.reading() as work:
        of = Lists(work).get(actor.organisation_id, name)
        found = proposals(work, actor.organisation_id)
    return [
        ProposalAnswer(
            proposal=str(each.number),
            proposed_at=each.proposed_at,
            proposed_by=each.proposed_by,
            signals=each.signals,
        )
        for each in found
        if each.list_name == of.name
    ]


@router.get("/lists/{name}/proposals/{proposal}/signals")
def signals(
    name: Named,
    proposal: Numbered,
    serving: Open,
    actor: ListsReader,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> SignalsPage:
    """What a proposal holds, by number."""
    with serving.database.reading() as work:
        of = Lists(work).get(actor.organisation_id, name)
        found = proposed(work, of, proposal, after=after, limit=limit + 1)
    shown = found[:limit]
    return SignalsPage(
        signals=[signal_answer(each) for each in shown],
        next=str(shown[-1].number) if len(found) > limit else None,
    )


@router.post(
    "/lists/{name}/proposals/{proposal}/confirmation",
    status_code=201,
    responses={202: {"model": ConfirmationAnswer, "description": "A second person is wanted."}},
)
def confirm(
    name: Named, proposal: Numbered, serving: Open, actor: ListsWriter, response: Response
) -> ConfirmationAnswer:
    """Have what somebody else proposed hold from now on.

    What a key or a shell has proposed takes two people: with the first it waits (202).
    """
    change = confirm_proposal(serving.database, name, proposal, actor, serving.clock)
    if change is None:
        response.status_code = 202
        return ConfirmationAnswer(revision=None)
    return ConfirmationAnswer(revision=change.revision)


@router.delete("/lists/{name}/proposals/{proposal}", status_code=204)
def refuse(name: Named, proposal: Numbered, serving: Open, actor: ListsWriter) -> None:
    """Remove what was proposed."""
    refuse_proposal(serving.database, name, proposal, actor, serving.clock)
