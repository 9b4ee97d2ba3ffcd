"""What is wrong with the key files: who may read them, where they lie, what they open."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from amparo.access.audit.signing import read_key
from amparo.access.audit.witness import newest_checkpoint
from amparo.access.installation import KeyName, installation
from amparo.access.people.secrets import AccessKey, access_key
from amparo.access.people.tables import PersonRow
from amparo.core.errors import AmparoError, Invalid
from amparo.core.open_folders import open_folders
from amparo.core.settings import Settings
from amparo.db import Work
from amparo.detect.hashing.model import NAMES
from amparo.detect.lists.tables import SignalRow
from amparo.respond.review.notices.tables import NoticeRow
from amparo.respond.vault.keys import opens
from amparo.respond.webhooks.tables import WebhookRow

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""The folder that systemd makes for one program, and guards better than permissions tell."""


def key_findings(settings: Settings, work: Work) -> Iterator[str]:
    """What should be mended, each in a sentence that says how."""
    for what, path, is_ours in _files(settings):
        yield from _file(what, path, settings.home)
        if is_ours and path.resolve().is_relative_to(settings.home.resolve()) and path.exists():
            yield (
                f"The {what} lies in AMPARO_HOME, where copies of the data take it along; move it "
                "and name it in the settings."
            )
    yield from _audit(settings, work)
    yield from _access(settings, work)
    yield from _vault(settings)


def _files(settings: Settings) -> Iterator[tuple[str, Path, bool]]:
    """Each with whether it opens or signs what is ours, so that it must not lie beside that."""
    yield "vault's key", settings.vault_key, True
    yield "access key", settings.access_key, True
    yield "audit key", settings.audit_key, True
    for what, path in (
        ("key for the witness", settings.audit_witness_key_file),
        ("mail server's password", settings.mail_password_file),
        ("provider's secret", settings.oidc_client_secret_file),
        ("scorer's token", settings.score_token_file),
        ("key for Google", settings.google_key_file),
        ("password for Project Arachnid Shield", settings.shield_password_file),
    ):
        if path is not None:
            yield what, path, False


def _file(what: str, path: Path, home: Path) -> Iterator[str]:
    try:
        about = path.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        yield f"The {what} {path} cannot be read ({error.strerror})."
        return
    if not stat.S_ISREG(about.st_mode):
        yield f"The {what} {path} is no file."
        return
    if _is_credential(path):
        return
    if about.st_mode & _OTHERS:
        yield f"Others on this machine may read or change the {what}: chmod 600 {path}."
    if about.st_uid not in _own(home):
        yield (
            f"The {what} {path} belongs to another account (number {about.st_uid}), which may "
            "change it: chown it to the one that Amparo runs as."
        )
    for folder in open_folders(path):
        yield (
            f"Others on this machine may put another file in the place of the {what}, in "
            f"{folder}: chmod go-w {folder}, or keep the key elsewhere."
        )


def _own(home: Path) -> set[int]:
    """Accounts that may have a key: this one, root, and whoever has the data."""
    return {os.geteuid(), 0} | ({home.stat().st_uid} if home.exists() else set())


def _is_credential(path: Path) -> bool:
    folder = os.environ.get(_CREDENTIALS)
    return bool(folder) and path.absolute().is_relative_to(folder or "")


def _audit(settings: Settings, work: Work) -> Iterator[str]:
    newest = newest_checkpoint(work)
    try:
        key = read_key(settings.audit_key).public_key()
    except FileNotFoundError:
        if newest is not None and settings.audit_key_file is not None:
            yield (
                f"There is no audit key {settings.audit_key}, though the audit trail was signed "
                "with one: bring it back, since a new one looks as if the trail had been rewritten."
            )
        return
    except AmparoError as error:
        yield error.message
        return
    if newest is not None and not newest.is_signed_by(key):
        yield (
            f"The audit key {settings.audit_key} is not the one that has signed the newest "
            f"checkpoint (entry {newest.position}): bring the earlier one back, or find out who "
            "has exchanged it."
        )


def _access(settings: Settings, work: Work) -> Iterator[str]:
    sealed = [
        found
        for column in (PersonRow.totp_sealed, WebhookRow.secret_sealed, NoticeRow.sender_sealed)
        if (found := _newest(work, column)) is not None
    ]
    names = select(SignalRow.number).where(SignalRow.algorithm.in_([each.value for each in NAMES]))
    if not settings.access_key.exists():
        if sealed or work.execute(names.limit(1)).first():
            yield (
                f"There is no access key {settings.access_key}, though secrets or the names on "
                "lists are sealed with one: copy it from where it is kept; a new one opens none."
            )
        return
    try:
        key = access_key(settings.access_key)
        for each in sealed:
            key.open(each)
        _require_known(key, work)
    except AmparoError as error:
        if error.code != "not_sealed_here":
            yield error.message
            return
        yield (
            f"The access key {settings.access_key} does not open what is sealed on record, such "
            "as codes, webhooks' secrets and the names on lists. All hosts need the one that was "
            "there first."
        )


def _require_known(key: AccessKey, work: Work) -> None:
    """Raises Invalid where the database was written with another, by which names are listed."""
    known = installation(work).keys.get(KeyName.ACCESS)
    if known not in (None, key.derived("fingerprint", "").hex()):
        raise Invalid("The database was written with another access key.", code="not_sealed_here")


def _newest(work: Work, column: InstrumentedAttribute[bytes | None]) -> bytes | None:
    """What was sealed last; ids sort by time."""
    asked = select(column).where(column.is_not(None)).order_by(column.class_.id.desc()).limit(1)
    return work.execute(asked).scalar()


def _vault(settings: Settings) -> Iterator[str]:
    held = _newest_held(settings.home / "inbox")
    if not settings.vault_key.exists():
        if held is not None:
            yield (
                f"There is no vault's key {settings.vault_key}, though uploads are held that need "
                "it: copy it from where it is kept; a new one opens none of them."
            )
        return
    try:
        if held is not None and not opens(settings.vault_key, held.read_bytes()):
            yield (
                f"The vault's key {settings.vault_key} does not open what is held ({held.name}): "
                "bring the one back that it was encrypted to."
            )
        opens(settings.vault_key, b"")
    except AmparoError as error:
        yield error.message
    except OSError:
        return  # it is taken out of the inbox meanwhile, or belongs to another account


def _newest_held(inbox: Path) -> Path | None:
    try:
        names = sorted(each for each in os.listdir(inbox) if each.endswith(".age"))
    except OSError:
        return None
    return inbox / names[-1] if names else None
