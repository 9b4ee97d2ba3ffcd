"""A policy comes to hold: checked, on record, in the audit trail."""

from amparo.access.audit import record
from amparo.access.model import Actor
from amparo.core.clock import Clock
from amparo.db import Database
from amparo.detect.deciding import read_policy
from amparo.detect.deciding.store import Policies


def activate_policy(database: Database, text: str, name: str, actor: Actor, clock: Clock) -> int:
    """Have a policy hold from now on; its version. Raises BadPolicy, which names `name`."""
    read_policy(text, name)
    now = clock.now()
    with database.work() as work:
        version = Policies(work).activate(actor.organisation_id, text, actor=actor.name, now=now)
        record(
            work, actor.organisation_id, actor=actor.name, action="policy.activate",
            subject=f"policy:{version}", now=now,
        )  # fmt: skip
    return version
