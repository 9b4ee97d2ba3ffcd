"""Others' audit trails are witnessed: what they come to is on record, contradictions too."""

from amparo.access.audit.checkpoint import Checkpoint
from amparo.access.model import Actor
from amparo.access.witnessed.model import Witnessed
from amparo.access.witnessed.take_in import refuse, take_in
from amparo.core.clock import Clock
from amparo.db import Database

_LOCK = 0x414D5041_06  # one checkpoint after another


def witness(
    database: Database, said: Checkpoint, public_key: bytes, actor: Actor, clock: Clock
) -> Witnessed:
    """Put on record what another's trail came to.

    Raises Invalid, Denied; Contradicted where it does not fit what was told before, and then it is
    on record nevertheless.
    """
    with database.work() as work:
        database.in_turn(work, _LOCK)
        witnessed = take_in(work, said, public_key, actor, clock.now())
    refuse(witnessed)
    return witnessed
