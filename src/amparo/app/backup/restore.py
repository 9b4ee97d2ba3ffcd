"""Restore a backup onto whichever database the settings name: all of it, or nothing."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete

import amparo.app.tables
from amparo.access.audit import record
from amparo.access.audit.losses import RESTORED
from amparo.access.installation import KeyName, begin_epoch
from amparo.access.keys import organisations
from amparo.access.people.tables import InvitationRow, SessionRow
from amparo.app.backup.carry import Identities, sync_folder
from amparo.app.backup.keys_at_hand import AtHand, keys_at_hand
from amparo.app.backup.manifest import HELD, Manifest
from amparo.app.backup.read import manifest_of, taken_out
from amparo.app.serving import host_folder, inbox_folder
from amparo.core.clock import Clock
from amparo.core.errors import Conflict, Invalid, Unavailable
from amparo.core.ids import new_id
from amparo.core.settings import Settings
from amparo.db import Database, Work
from amparo.db.copying import Advance
from amparo.db.migrate import upgrade
from amparo.db.placing import NotEmpty, file_for, place, reserved
from amparo.db.sqlite_files import as_one_file, skip_numbers
from amparo.detect.index.writer import no_writer
from amparo.detect.matching.host.follow import INDEX
from amparo.respond.webhooks.store import make_due

assert amparo.app.tables  # all of them

NUMBERS_SKIPPED = 1_000_000
"""Signals that were added after the backup may be known elsewhere by numbers that are lost here."""

_REPLACE = "`--replace` puts the backup in its place."
_ANOTHER = "Name another one for the drill with AMPARO_DATABASE_URL, or another AMPARO_HOME."
_OF_A_SERVICE = ("inbox", "hosts", "work.db")
"""What lies in AMPARO_HOME as soon as anything was served or restored there."""

_STAGE = "restore.partial"
_STAGED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored; `kept` is where the SQLite database lies that was there before."""

    manifest: Manifest
    epoch: UUID
    kept: Path | None
    keys: dict[KeyName, AtHand]


def restore(
    settings: Settings,
    folder: Path,
    *,
    actor: str,
    clock: Clock,
    replace: bool = False,
    drill: bool = False,
    identities: Identities = (),
    advance: Advance = lambda _: None,
) -> Restored:
    """Put it in place, for good or as a drill, which replaces nothing and tells nobody.

    Raises Invalid, NotFound, Conflict, Unavailable; then everything is as it was before.
    """
    with _told(folder, next_step=_ANOTHER if drill else _REPLACE):
        if drill and replace:
            raise Invalid("A drill never replaces anything.")
        manifest = manifest_of(folder, identities)
        made = file_for(settings.database, settings.home)
        with (
            _reserved(settings, replace=replace, drill=drill),
            no_writer(host_folder(settings) / INDEX),
            _stage(settings.home, made) as stage,
        ):
            taken_out(
                folder, manifest, made, stage, identities,
                lambda share: advance(share * _STAGED_SHARE),
            )  # fmt: skip
            now, epoch = clock.now(), new_id()
            keys = _made_ready(settings, made, manifest, actor, epoch, now, drill=drill)
            _put_held(stage / HELD, inbox_folder(settings))
            _forget_durable_work(settings.home)
            kept = place(
                settings.database, made, f"replaced-{now:%Y%m%dT%H%M%S%f}", replace=replace,
                advance=lambda share: advance(_STAGED_SHARE + share * (1 - _STAGED_SHARE)),
            )  # fmt: skip
            sync_folder(made.parent)
            shutil.rmtree(host_folder(settings), ignore_errors=True)
    advance(1.0)
    return Restored(manifest, epoch, kept, keys)


@contextmanager
def _reserved(settings: Settings, *, replace: bool, drill: bool) -> Iterator[None]:
    """Nobody uses the database that is there; and a drill has a folder of its own."""
    with reserved(settings.database, replace=replace):
        if drill:
            _require_own_home(settings)
        yield


def _require_own_home(settings: Settings) -> None:
    """A drill would put its held uploads among a service's, and sweep what it does not know."""
    for name in _OF_A_SERVICE:
        if (found := settings.home / name).exists():
            raise Conflict(
                f"AMPARO_HOME holds what a service has left there ({found}), and a drill never "
                "touches that: name another folder for it with AMPARO_HOME."
            )


def _made_ready(
    settings: Settings,
    made: Path,
    manifest: Manifest,
    actor: str,
    epoch: UUID,
    now: datetime,
    *,
    drill: bool,
) -> dict[KeyName, AtHand]:
    """At this version's tables, in a new epoch, on record; nobody is signed in or invited.

    What platforms were still to be told is due, however old the backup is.
    """
    with Database(f"sqlite:///{made}") as database:
        upgrade(database)
        with database.work() as work:
            keys = keys_at_hand(work, settings)
            begin_epoch(work, epoch, backup_of=manifest.created_at, now=now, is_drill=drill)
            skip_numbers(work, "signals", NUMBERS_SKIPPED)
            for table in (SessionRow, InvitationRow):
                work.execute(delete(table))
            make_due(work, now)
            detail = {
                "position": manifest.audit_position,
                "backup_of": manifest.created_at.isoformat(),
                "epoch": str(epoch),
                "drill": drill,
            }
            _put_on_record(work, f"installation:{manifest.installation}", actor, now, detail)
    as_one_file(made)
    return keys


def _put_on_record(
    work: Work, subject: str, actor: str, now: datetime, detail: dict[str, object]
) -> None:
    for organisation in organisations(work).values():
        record(
            work, organisation, actor=actor, action=RESTORED, subject=subject, now=now,
            detail=detail,
        )  # fmt: skip


def _put_held(staged: Path, inbox: Path) -> None:
    """Before the database that names them; their names are never used for anything else."""
    if not staged.is_dir():
        return
    inbox.mkdir(parents=True, exist_ok=True, mode=0o700)
    for each in staged.iterdir():
        each.replace(inbox / each.name)
    sync_folder(inbox)


def _forget_durable_work(home: Path) -> None:
    """What DBOS took for done was done in another past; the rows say what is to be done."""
    for each in home.glob("work.db*"):
        each.unlink()


@contextmanager
def _stage(home: Path, made: Path) -> Iterator[Path]:
    """A folder for what is not in its place yet; nothing of it is left in the end."""
    stage = home / _STAGE
    _clear(stage, made)
    stage.mkdir(parents=True, mode=0o700)
    try:
        yield stage
    finally:
        _clear(stage, made)


def _clear(stage: Path, made: Path) -> None:
    shutil.rmtree(stage, ignore_errors=True)
    for each in made.parent.glob(f"{made.name}*"):
        with suppress(FileNotFoundError):
            each.unlink()


@contextmanager
def _told(folder: Path, *, next_step: str) -> Iterator[None]:
    """Whatever is wrong, with what it is about, and that nothing was changed.

    `next_step` is for where there is a database already.
    """
    try:
        yield
    except NotEmpty as error:
        raise Conflict(f"{error.message} {next_step}") from error
    except Invalid as error:
        raise Invalid(
            f"{folder} cannot be restored; nothing was changed. {error.message}", code=error.code
        ) from error
    except OSError as error:
        raise Unavailable(
            f"{folder} cannot be restored ({error.strerror or error}); nothing was changed."
        ) from error
