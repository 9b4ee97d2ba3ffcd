"""The second factor: codes of a telephone (TOTP, RFC 6238), and recovery codes on paper."""

import base64
import hashlib
import secrets
from datetime import datetime

import pyotp
from sqlalchemy import delete, insert, update

from amparo.access.people.model import Person, PersonId
from amparo.access.people.secrets import AccessKey
from amparo.access.people.tables import PersonRow, RecoveryRow
from amparo.db import Work

STEP_S = 30
_STEPS_OFF = 1
"""A telephone's clock may be so many steps off."""

_RECOVERY_CODES = 10
_RECOVERY_BYTES = 10


def new_secret() -> str:
    """160 bits, as telephones take them."""
    return pyotp.random_base32()


def uri_of(secret: str, person: Person) -> str:
    """What a telephone reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name="Amparo")


def picture_of(uri: str) -> str:
    """The QR code of it, as SVG without an XML head."""
    import segno

    return segno.make(uri, error="m").svg_inline(scale=5, border=2, light="#fff")


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Which step's code it is, of those around now; None where it is none's."""
    totp = pyotp.TOTP(secret)
    present = int(now.timestamp()) // STEP_S
    for step in range(present - _STEPS_OFF, present + _STEPS_OFF + 1):
        if secrets.compare_digest(totp.at(step * STEP_S), code):
            return step
    return None


def use_code(
    work: Work, person: PersonId, sealed: bytes | None, code: str, key: AccessKey, now: datetime
) -> bool:
    """Whether a code is good, of the telephone or of paper; it is not good again."""
    plain = "".join(code.split()).replace("-", "").lower()
    if not plain.isascii():
        return False
    if len(plain) == 6:
        step = None if sealed is None else step_of(key.open(sealed).decode(), plain, now)
        return step is not None and _use_step(work, person, step)
    used = work.execute(
        delete(RecoveryRow).where(
            RecoveryRow.person_id == person, RecoveryRow.code_sha256 == _digest(plain)
        )
    )
    return used.rowcount == 1


def _use_step(work: Work, person: PersonId, step: int) -> bool:
    used = work.execute(
        update(PersonRow)
        .where(PersonRow.id == person, PersonRow.totp_step < step)
        .values(totp_step=step)
    )
    return used.rowcount == 1


def new_recovery_codes(work: Work, person: PersonId) -> tuple[str, ...]:
    """New codes in the place of all earlier ones. This is the only time they can be read."""
    codes = [_code() for _ in range(_RECOVERY_CODES)]
    work.execute(delete(RecoveryRow).where(RecoveryRow.person_id == person))
    work.execute(
        insert(RecoveryRow),
        [{"person_id": person, "code_sha256": _digest(code)} for code in codes],
    )
    return tuple("-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes)


def _code() -> str:
    return base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
