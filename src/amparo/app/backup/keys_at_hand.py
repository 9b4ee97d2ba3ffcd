"""Which of the keys that a database needs are at hand, shown by what was written with them."""

from enum import StrEnum

from sqlalchemy import select

from amparo.access.audit.chain import statement
from amparo.access.audit.signing import existing_signing_key, is_signed
from amparo.access.audit.tables import CheckpointRow
from amparo.access.installation import KeyName, installation
from amparo.access.people.secrets import access_key
from amparo.access.people.tables import PersonRow
from amparo.app.kept_keys import file_of, fingerprint
from amparo.core.errors import AmparoError, Invalid
from amparo.core.settings import Settings
from amparo.db import Work
from amparo.respond.webhooks.tables import WebhookRow


class AtHand(StrEnum):
    """How it stands with a key."""

    RIGHT = "right"
    MISSING = "missing"
    OTHER = "other"


def keys_at_hand(work: Work, settings: Settings) -> dict[KeyName, AtHand]:
    """Of each key."""
    return {name: _stands(work, settings, name) for name in KeyName}


def _stands(work: Work, settings: Settings, name: KeyName) -> AtHand:
    known = installation(work).keys.get(name)
    try:
        here = fingerprint(settings, name)
        if here is None:
            return AtHand.MISSING
        fits = here == known if known else True
        return AtHand.RIGHT if fits and _PROOFS[name](work, settings) else AtHand.OTHER
    except (AmparoError, OSError):
        return AtHand.OTHER if file_of(settings, name).exists() else AtHand.MISSING


def _opens_what_is_sealed(work: Work, settings: Settings) -> bool:
    key = access_key(settings.access_key)
    for column in (PersonRow.totp_sealed, WebhookRow.secret_sealed):
        sealed = work.execute(select(column).where(column.is_not(None)).limit(1)).scalar()
        try:
            if sealed is not None:
                key.open(sealed)
        except Invalid:
            return False
    return True


def _has_signed(work: Work, settings: Settings) -> bool:
    newest = work.execute(
        select(CheckpointRow.__table__).order_by(CheckpointRow.position.desc()).limit(1)
    ).one_or_none()
    if newest is None:
        return True
    said = statement(newest.position, newest.at, newest.digest, newest.root)
    public = existing_signing_key(settings.audit_key).public_key()
    return is_signed(public, newest.signature, said)


_PROOFS = {
    KeyName.VAULT: lambda _work, _settings: True,  # it has written nothing into the database
    KeyName.ACCESS: _opens_what_is_sealed,
    KeyName.AUDIT: _has_signed,
}
