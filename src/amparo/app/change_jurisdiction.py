"""A jurisdiction profile comes to hold: signed off, on record, in the audit trail."""

import hashlib

from amparo.access.audit import record
from amparo.access.jurisdiction import Profiles, read_profile
from amparo.access.model import Actor
from amparo.core.clock import Clock
from amparo.db import Database


def record_profile(database: Database, text: str, name: str, actor: Actor, clock: Clock) -> int:
    """Have a profile hold from now on; its version. Raises BadProfile, which names `name`."""
    profile = read_profile(text, name)
    now = clock.now()
    with database.work() as work:
        version = Profiles(work).record(actor.organisation_id, text, actor=actor.name, now=now)
        record(
            work, actor.organisation_id, actor=actor.name, action="jurisdiction.record",
            subject=f"jurisdiction:{version}", now=now,
            detail={"name": profile.name, "counsel": profile.counsel,
                    "surfaces": sorted(profile.surfaces),
                    "sha256": hashlib.sha256(text.encode()).hexdigest()},
        )  # fmt: skip
    return version
