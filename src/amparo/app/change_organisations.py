"""An organisation comes in: on record, in its own audit trail."""

from amparo.access.audit import record
from amparo.access.keys import create_organisation
from amparo.core.clock import Clock
from amparo.core.ids import OrganisationId
from amparo.db import Database


def make_organisation(database: Database, name: str, actor: str, clock: Clock) -> OrganisationId:
    """A new organisation without keys. Raises Conflict where there is one of that name."""
    now = clock.now()
    with database.work() as work:
        made = create_organisation(work, name, now)
        record(
            work, made, actor=actor, action="organisations.create", subject=f"organisation:{made}",
            now=now, detail={"name": name},
        )  # fmt: skip
    return made
