"""The first organisation and its first key, so that a new installation can be used at once."""

from amparo.access.audit import record
from amparo.access.keys import create_key, create_organisation, organisations
from amparo.access.model import Scope
from amparo.core.clock import Clock
from amparo.core.errors import Conflict
from amparo.db import Database

FIRST_ORGANISATION = "default"


def ensure_first_key(database: Database, clock: Clock) -> str | None:
    """A key with every scope, where there is no organisation yet; otherwise None."""
    try:
        return _made(database, clock)
    except Conflict:  # another host has made it in the same moment
        return None


def _made(database: Database, clock: Clock) -> str | None:
    now = clock.now()
    with database.work() as work:
        if organisations(work):
            return None
        organisation = create_organisation(work, FIRST_ORGANISATION, now)
        key = create_key(work, organisation, "first", Scope, now=now)
        record(
            work, organisation, actor="installation", action="keys.create", subject="key:first",
            now=now,
        )  # fmt: skip
    return key
