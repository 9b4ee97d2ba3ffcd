"""Take a checkpoint of somebody else's trail in: what contradicts the others becomes evidence."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from amparo.access.audit import record
from amparo.access.audit.checkpoint import Checkpoint
from amparo.access.keys import key_name
from amparo.access.model import Actor
from amparo.access.witnessed.model import Contradiction, Trail, Witnessed
from amparo.access.witnessed.store import Trails, fits
from amparo.core.errors import Conflict, Denied, Invalid
from amparo.db import Work

MOST_EVIDENCE = 1000
"""Contradictions of a trail that are kept; who has its key could make any number."""


class Contradicted(Conflict):
    """What was told does not fit what was told before; it was kept."""

    code = "trail_contradicted"


def take_in(
    work: Work, said: Checkpoint, public_key: bytes, actor: Actor, now: datetime
) -> Witnessed:
    """Put it on record, once; whether it contradicts is in the answer.

    What fits leaves no entry in our own trail: two who are each other's witnesses would never end.
    Raises Invalid where it is not signed, Denied where a person tells.
    """
    if not said.is_signed_by(Ed25519PublicKey.from_public_bytes(public_key)):
        raise Invalid("This checkpoint is not signed by its key.", code="checkpoint_not_signed")
    trails = Trails(work, actor.organisation_id)
    name = key_name(work, actor)
    if name is None:
        raise Denied("A trail is told by a program, with a key.", code="not_a_program")
    trail = trails.find(name)
    if trail is None:
        trail = trails.begin(name, public_key, now)
        _record(work, actor, "witness.begin", trail, said, now, public_key=public_key.hex())
    found = _contradiction(trails, trail, said, public_key)
    same = (
        each for each in trails.at(trail, said.position)
        if (each.public_key, each.contradiction) == (public_key, found)
        and fits(said, [each.checkpoint])
    )  # fmt: skip
    earlier = next(same, None)
    if earlier is not None:
        return earlier
    if found is not None:
        if trails.contradictions(trail) >= MOST_EVIDENCE:
            raise Contradicted(f"Refused: {found.told}; enough of it is kept.", code=_code(found))
        _record(work, actor, "witness.contradict", trail, said, now, how=found.value)
    return trails.keep(trail, public_key, said, found, now)


def refuse(witnessed: Witnessed) -> None:
    """Raises Contradicted where it contradicts, once that is on record."""
    found = witnessed.contradiction
    if found is not None:
        raise Contradicted(
            f"Refused, and kept as evidence: {found.told} (entry {witnessed.checkpoint.position}).",
            code=_code(found),
        )


def _code(found: Contradiction) -> str:
    return f"trail_{found.value.replace('-', '_')}"


def _contradiction(
    trails: Trails, trail: Trail, said: Checkpoint, public_key: bytes
) -> Contradiction | None:
    if public_key != trail.public_key:
        return Contradiction.ANOTHER_KEY
    accepted = [each.checkpoint for each in trails.at(trail, said.position)
                if each.contradiction is None]  # fmt: skip
    if not fits(said, accepted):
        return Contradiction.FORKED
    # One that was only late on its way was sealed before those that came sooner.
    if not accepted and trails.was_longer(trail, said):
        return Contradiction.SHORTENED
    return None


def _record(
    work: Work, actor: Actor, action: str, trail: Trail, said: Checkpoint, now: datetime,
    **others: object,
) -> None:  # fmt: skip
    record(
        work, actor.organisation_id, actor=actor.name, action=action,
        subject=f"trail:{trail.name}"[:200], now=now, detail={"position": said.position} | others,
    )  # fmt: skip
