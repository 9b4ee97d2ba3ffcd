"""A contract with a service elsewhere is confirmed, or taken back: it is in the audit trail."""

from amparo.access.audit import record
from amparo.access.contracts import SHIELD, Contracts
from amparo.access.model import Actor
from amparo.core.clock import Clock
from amparo.core.errors import Invalid
from amparo.db import Database

LONGEST_REFERENCE = 200


def confirm_shield(
    database: Database, actor: Actor, clock: Clock, *, covers: str, reference: str
) -> None:
    """From now on Project Arachnid Shield may be told what the contract covers.

    `reference` names the contract, so that somebody can find it later. Raises Invalid.
    """
    said, now = reference.strip(), clock.now()
    if not said or len(said) > LONGEST_REFERENCE or not said.isprintable():
        raise Invalid(f"Name the contract in 1 to {LONGEST_REFERENCE} letters.")
    with database.work() as work:
        Contracts(work).confirm(
            actor.organisation_id, SHIELD, covers=covers, reference=said, actor=actor.name, now=now
        )
        record(
            work, actor.organisation_id, actor=actor.name, action="contracts.confirm",
            subject=f"contract:{SHIELD}", now=now, detail={"covers": covers, "reference": said},
        )  # fmt: skip


def withdraw_shield(database: Database, actor: Actor, clock: Clock) -> None:
    """From the next upload on it is told nothing. Raises NotFound."""
    with database.work() as work:
        Contracts(work).withdraw(actor.organisation_id, SHIELD)
        record(
            work, actor.organisation_id, actor=actor.name, action="contracts.withdraw",
            subject=f"contract:{SHIELD}", now=clock.now(),
        )  # fmt: skip
