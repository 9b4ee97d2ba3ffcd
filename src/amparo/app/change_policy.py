"""Policies are saved, come to hold, and run in the shadow: checked, and in the audit trail."""

from amparo.access.audit import record
from amparo.access.model import Actor
from amparo.core.clock import Clock
from amparo.db import Database, Work
from amparo.detect.deciding.policy import checked_policy
from amparo.detect.deciding.versions import Policies


def save_policy(database: Database, text: str, name: str, actor: Actor, clock: Clock) -> int:
    """Keep a policy as a version of its own. Raises BadPolicy, which names `name`."""
    checked_policy(text, name)
    now = clock.now()
    with database.work() as work:
        version = Policies(work).save(actor.organisation_id, text, actor=actor.name, now=now)
        _record(work, actor, "policy.save", version, clock)
    return version


def activate_policy(database: Database, version: int, actor: Actor, clock: Clock) -> None:
    """Have a version hold from now on. Raises NotFound."""
    with database.work() as work:
        Policies(work).activate(actor.organisation_id, version)
        _record(work, actor, "policy.activate", version, clock)


def shadow_policy(database: Database, version: int | None, actor: Actor, clock: Clock) -> None:
    """Have a version, or none, decide beside the one that holds. Raises NotFound."""
    with database.work() as work:
        Policies(work).run_in_shadow(actor.organisation_id, version)
        _record(work, actor, "policy.shadow", version, clock)


def _record(work: Work, actor: Actor, action: str, version: int | None, clock: Clock) -> None:
    record(
        work, actor.organisation_id, actor=actor.name, action=action,
        subject="policy:none" if version is None else f"policy:{version}", now=clock.now(),
    )  # fmt: skip
