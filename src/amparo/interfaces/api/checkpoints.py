"""What others' audit trails came to: told here, kept, and read back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from amparo.access.audit.checkpoint import Checkpoint
from amparo.access.keys import key_name
from amparo.access.model import Scope
from amparo.access.witnessed import Trails, Witnessed
from amparo.app.witness_others import witness
from amparo.interfaces.calls.callers import CheckpointsReader, KnownCaller, Open, WitnessedTrail
from amparo.wire.checkpoints import CheckpointAnswer, CheckpointBody, CheckpointsPage

router = APIRouter(prefix="/v1/checkpoints", tags=["checkpoints"], route_class=KnownCaller)

TrailName = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]


@router.post("", status_code=201)
def tell(body: CheckpointBody, serving: Open, actor: WitnessedTrail) -> CheckpointAnswer:
    """Have a trail witnessed; the same again is the same. What contradicts is kept, and 409."""
    said = Checkpoint(
        body.position, body.at, *map(bytes.fromhex, (body.digest, body.root, body.signature))
    )
    public_key = bytes.fromhex(body.public_key)
    return _answer(witness(serving.database, said, public_key, actor, serving.clock))


@router.get("")
def told(
    serving: Open,
    actor: CheckpointsReader,
    trail: TrailName | None = None,
    contradicting: bool = False,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> CheckpointsPage:
    """What was told, by this key alone unless it has the scope audit:read."""
    with serving.database.reading() as work:
        if Scope.AUDIT_READ not in actor.scopes:
            trail = key_name(work, actor)
        found = Trails(work, actor.organisation_id).told(
            trail, after=after, contradicting=contradicting, limit=limit + 1
        )
    shown = found[:limit]
    more = len(found) > limit
    return CheckpointsPage(
        checkpoints=[_answer(each) for each in shown], next=shown[-1].id if more else None
    )


def _answer(each: Witnessed) -> CheckpointAnswer:
    said = each.checkpoint
    return CheckpointAnswer(
        id=each.id,
        trail=each.trail,
        position=said.position,
        at=said.at,
        digest=said.digest.hex(),
        root=said.root.hex(),
        signature=said.signature.hex(),
        public_key=each.public_key.hex(),
        received_at=each.received_at,
        contradiction=None if each.contradiction is None else each.contradiction.value,
    )
