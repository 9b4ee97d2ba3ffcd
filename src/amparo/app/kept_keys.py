"""The keys that a database was written with are at hand, or nothing begins: none is made anew.

The database keeps a fingerprint of each. Where a key is missing after a restore, a new one in its
place would hide that held uploads, second factors and the audit trail belong to the old one.
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select, update

from amparo.access.audit import record
from amparo.access.audit.signing import ensure_signing_key, existing_signing_key
from amparo.access.installation import InstallationRow, KeyName, column_of, installation, put_key
from amparo.access.keys import organisations
from amparo.access.people.secrets import access_key, ensure_access_key
from amparo.core.clock import Clock
from amparo.core.errors import Conflict, Unavailable
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.respond.vault import ensure_key, recipient_of

WORDS = {
    KeyName.VAULT: "vault's key",
    KeyName.ACCESS: "access key",
    KeyName.AUDIT: "audit key",
}
OPENS = {
    KeyName.VAULT: "held uploads",
    KeyName.ACCESS: "people's second factors, the webhooks' secrets and the names on lists",
    KeyName.AUDIT: "the audit trail's checkpoints",
}


def file_of(settings: Settings, name: KeyName) -> Path:
    """Where a key lies."""
    return {
        KeyName.VAULT: settings.vault_key,
        KeyName.ACCESS: settings.access_key,
        KeyName.AUDIT: settings.audit_key,
    }[name]


def fingerprint(settings: Settings, name: KeyName) -> str | None:
    """By which the key at hand is known again; None where there is none. Raises Invalid."""
    path = file_of(settings, name)
    if not path.exists():
        return None
    return _PRINTS[name](path)


def make_or_find_keys(settings: Settings, database: Database, say: Callable[[str], None]) -> None:
    """All keys there, and on record. Raises Unavailable where the database knows another."""
    _require_files(settings, database, KeyName)
    if ensure_key(settings.vault_key):
        say(f"Made the vault's key {settings.vault_key}; keep a copy apart from all backups.")
    if ensure_access_key(settings.access_key):
        say(f"Made the access key {settings.access_key}; all hosts need the same.")
    if ensure_signing_key(settings.audit_key):
        say(f"Made the audit key {settings.audit_key}; keep a copy apart from all backups.")
    with database.work() as work:
        for name in KeyName:
            open_yet = select(InstallationRow.id).where(column_of(name).is_(None))
            if work.execute(open_yet).all():
                new = {column_of(name): fingerprint(settings, name)}
                work.execute(update(InstallationRow).where(column_of(name).is_(None)).values(new))
    require_same_keys(settings, database, KeyName)


def require_keys(settings: Settings, database: Database) -> None:
    """Raises Unavailable, Invalid where a key is missing, damaged, or another: nothing begins.

    An audit key that another host may have is not missing.
    """
    elsewhere = is_audit_key_elsewhere(settings, database)
    _require_files(
        settings, database, (each for each in KeyName if each != KeyName.AUDIT or not elsewhere)
    )
    require_same_keys(settings, database, KeyName)


def is_audit_key_elsewhere(settings: Settings, database: Database) -> bool:
    """Whether it is on record and not here, which is well where this host does not seal."""
    if database.engine.dialect.name == "sqlite" or file_of(settings, KeyName.AUDIT).exists():
        return False
    with database.reading() as work:
        return KeyName.AUDIT in installation(work).keys


def require_same_keys(settings: Settings, database: Database, names: Iterable[KeyName]) -> None:
    """Raises Unavailable where a key at hand is another than the database was written with."""
    with database.reading() as work:
        known = installation(work).keys
    for name in names:
        here = fingerprint(settings, name)
        if here is not None and known.get(name, here) != here:
            raise Unavailable(
                f"The {WORDS[name]} {file_of(settings, name)} is not the one that this database "
                f"was written with. {way_out(name)}",
                code="key.other",
            )


def forget_key(database: Database, name: KeyName, actor: str, clock: Clock) -> None:
    """The next start takes or makes another. Raises Conflict where none is on record."""
    with database.work() as work:
        if name not in installation(work).keys:
            raise Conflict(f"No {WORDS[name]} is on record.")
        put_key(work, name, None)
        for organisation in organisations(work).values():
            record(
                work, organisation, actor=actor, action="installation.forget_key",
                subject=f"key:{name}", now=clock.now(),
            )  # fmt: skip


def way_out(name: KeyName) -> str:
    """What can be done where a key is missing, or another."""
    return (
        f"Put the right one there, from where you keep it apart from backups; without it "
        f"{OPENS[name]} cannot be used. Where it is lost for ever, `amparo db forget-key {name}` "
        "lets the next start go on with another."
    )


def _require_files(settings: Settings, database: Database, names: Iterable[KeyName]) -> None:
    with database.reading() as work:
        known = installation(work).keys
    missing = [
        f"The {WORDS[name]} {file_of(settings, name)} is not there, and this database was "
        f"written with one. {way_out(name)}"
        for name in names
        if name in known and not file_of(settings, name).exists()
    ]
    if missing:
        raise Unavailable(" ".join(missing), code="key.missing")


def _digest(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()


_PRINTS: dict[KeyName, Callable[[Path], str]] = {
    KeyName.VAULT: lambda path: _digest(str(recipient_of(path)).encode()),
    KeyName.ACCESS: lambda path: access_key(path).derived("fingerprint", "").hex(),
    KeyName.AUDIT: lambda path: _digest(
        existing_signing_key(path).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    ),
}
