"""Service keys: made once and shown once, recognised by their digest, taken back at once."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from amparo.access.model import Actor, Key, Scope
from amparo.access.tables import KeyRow, OrganisationRow
from amparo.core.errors import Conflict, Denied, Invalid, NotFound
from amparo.core.ids import KeyId, OrganisationId, new_id
from amparo.db import Work

_PREFIX = "amparo"
_SECRET_BYTES = 32
MOST_LETTERS = 200

_REFUSED = "This key is not known, or not any more."


def create_organisation(work: Work, name: str, now: datetime) -> OrganisationId:
    """A new organisation. Raises Invalid, and Conflict where there is one of that name."""
    if not name.strip() or len(name) > MOST_LETTERS or "\0" in name:
        raise Invalid(f"An organisation needs a name of {MOST_LETTERS} letters at most.")
    organisation = OrganisationId(new_id())
    try:
        work.execute(insert(OrganisationRow).values(id=organisation, name=name, created_at=now))
    except IntegrityError as error:
        raise Conflict(f"There is an organisation {name!r} already.") from error
    return organisation


def organisations(work: Work) -> dict[str, OrganisationId]:
    """All organisations by name, the oldest first."""
    rows = work.execute(
        select(OrganisationRow.name, OrganisationRow.id).order_by(OrganisationRow.id)
    )
    return {name: OrganisationId(organisation) for name, organisation in rows}


def create_key(
    work: Work,
    organisation: OrganisationId,
    name: str,
    scopes: Iterable[Scope],
    *,
    now: datetime,
    expires_at: datetime | None = None,
) -> str:
    """A new key as its holder sends it. It is not kept: this is the only time it can be read."""
    key_id = new_id()
    secret = secrets.token_bytes(_SECRET_BYTES)
    work.execute(
        insert(KeyRow).values(
            id=key_id,
            organisation_id=organisation,
            name=name,
            secret_sha256=hashlib.sha256(secret).digest(),
            scopes=sorted(scopes),
            created_at=now,
            expires_at=expires_at,
        )
    )
    return f"{_PREFIX}_{_letters(key_id.bytes)}_{_letters(secret)}"


def revoke_key(work: Work, key: KeyId, organisation: OrganisationId, now: datetime) -> None:
    """Take a key back. Raises NotFound."""
    done = work.execute(
        update(KeyRow)
        .where(KeyRow.id == key, KeyRow.organisation_id == organisation)
        .values(revoked_at=now)
    )
    if not done.rowcount:
        raise NotFound("There is no such key.")


def rotate_key(
    work: Work, key: KeyId, organisation: OrganisationId, *, now: datetime, until: datetime
) -> str:
    """A new key in the place of one that is good until `until` at most, for as long as that was.

    Raises NotFound, and Conflict where the old one is not good any more.
    """
    row = (
        work.execute(
            select(KeyRow.__table__).where(KeyRow.id == key, KeyRow.organisation_id == organisation)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound("There is no such key.")
    old = _key_of(row)
    if not old.is_good(now):
        raise Conflict("This key was taken back or has expired; make a new one.")
    ends = until if old.expires_at is None else min(until, old.expires_at)
    work.execute(update(KeyRow).where(KeyRow.id == key).values(expires_at=ends))
    expires_at = None if old.expires_at is None else now + (old.expires_at - old.created_at)
    return create_key(work, organisation, old.name, old.scopes, now=now, expires_at=expires_at)


def keys_of(work: Work, organisation: OrganisationId) -> tuple[Key, ...]:
    """The organisation's keys, the oldest first."""
    rows = work.execute(
        select(KeyRow.__table__).where(KeyRow.organisation_id == organisation).order_by(KeyRow.id)
    )
    return tuple(_key_of(row) for row in rows.mappings())


def key_name(work: Work, actor: Actor) -> str | None:
    """What the key with which somebody acts is called; None for people."""
    kind, _, number = actor.name.partition(":")
    if kind != "key":
        return None
    return work.execute(select(KeyRow.name).where(KeyRow.id == UUID(number))).scalar_one_or_none()


def find_key(work: Work, token: str) -> tuple[Key, bytes]:
    """The key that a token names, and the digest that its secret must have. Raises Denied."""
    key_id, _ = parts_of(token)
    row = work.execute(select(KeyRow.__table__).where(KeyRow.id == key_id)).mappings().one_or_none()
    if row is None:
        raise Denied(_REFUSED)
    return _key_of(row), row["secret_sha256"]


def parts_of(token: str) -> tuple[KeyId, bytes]:
    """The id and the secret in a token. Raises Denied where it is none of ours."""
    try:
        prefix, key_id, secret = token.split("_")
        if prefix != _PREFIX:
            raise ValueError(prefix)
        return KeyId(UUID(bytes=_bytes(key_id))), _bytes(secret)
    except ValueError as error:
        raise Denied(_REFUSED) from error


def actor_of(key: Key, expected_sha256: bytes, secret: bytes, now: datetime) -> Actor:
    """Who holds the key. Raises Denied where the secret is another, or the key is not good."""
    same = hmac.compare_digest(hashlib.sha256(secret).digest(), expected_sha256)
    if not same or not key.is_good(now):
        raise Denied(_REFUSED)
    return Actor(key.organisation_id, f"key:{key.id}", key.scopes)


def require(actor: Actor, *scopes: Scope) -> None:
    """Raises Denied where the actor's key has not that scope, or none of several."""
    if actor.scopes.isdisjoint(scopes):
        wanted = " or ".join(repr(each.value) for each in scopes)
        raise Denied(f"This key has not the scope {wanted}.", code="scope_missing")


def _key_of(columns: RowMapping) -> Key:
    return Key(
        id=KeyId(columns["id"]),
        organisation_id=OrganisationId(columns["organisation_id"]),
        name=columns["name"],
        scopes=frozenset(Scope(each) for each in columns["scopes"]),
        created_at=columns["created_at"],
        expires_at=columns["expires_at"],
        revoked_at=columns["revoked_at"],
    )


def _letters(data: bytes) -> str:
    """Lower-case letters and digits alone, so that a double click takes the whole key."""
    return base64.b32encode(data).decode().rstrip("=").lower()


def _bytes(letters: str) -> bytes:
    return base64.b32decode(letters.upper() + "=" * (-len(letters) % 8))
