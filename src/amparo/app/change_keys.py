"""Keys are made, rotated and taken back: on record, in the audit trail."""

from collections.abc import Iterable
from datetime import timedelta

from amparo.access.audit import record
from amparo.access.keys import create_key, revoke_key, rotate_key
from amparo.access.model import Actor, Scope
from amparo.core.clock import Clock
from amparo.core.ids import KeyId
from amparo.db import Database


def make_key(
    database: Database,
    name: str,
    scopes: Iterable[Scope],
    days: int | None,
    actor: Actor,
    clock: Clock,
) -> str:
    """A new key as its holder sends it, which cannot be read again; without end if `days` is."""
    now = clock.now()
    expires_at = None if days is None else now + timedelta(days=days)
    wanted = sorted(scopes)
    with database.work() as work:
        key = create_key(
            work, actor.organisation_id, name, wanted, now=now, expires_at=expires_at
        )  # fmt: skip
        record(
            work, actor.organisation_id, actor=actor.name, action="keys.create",
            subject=f"key:{name}", now=now, detail={"scopes": wanted},
        )  # fmt: skip
    return key


def replace_key(database: Database, key: KeyId, hours: int, actor: Actor, clock: Clock) -> str:
    """A new key in the place of one that ends within some hours.

    Raises NotFound, Conflict where the old one is not good any more.
    """
    now = clock.now()
    until = now + timedelta(hours=hours)
    with database.work() as work:
        made = rotate_key(work, key, actor.organisation_id, now=now, until=until)
        record(
            work, actor.organisation_id, actor=actor.name, action="keys.rotate",
            subject=f"key:{key}", now=now, detail={"hours": hours},
        )  # fmt: skip
    return made


def take_key_back(database: Database, key: KeyId, actor: Actor, clock: Clock) -> None:
    """Nothing accepts it any more within a second. Raises NotFound."""
    now = clock.now()
    with database.work() as work:
        revoke_key(work, key, actor.organisation_id, now)
        record(
            work, actor.organisation_id, actor=actor.name, action="keys.revoke",
            subject=f"key:{key}", now=now,
        )  # fmt: skip
