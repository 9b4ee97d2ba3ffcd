"""Write a backup while the service goes on: all of one moment, or nothing under its name."""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

import amparo.app.tables
from amparo import __version__
from amparo.access.audit import record
from amparo.access.audit.seal import newest_head
from amparo.access.installation import installation, put_backup
from amparo.access.keys import organisations
from amparo.app.backup.carry import Recipients, digest_of, put_in, sync_folder, write_small
from amparo.app.backup.manifest import DATABASE, HELD, MANIFEST, SETTINGS, Kept, Manifest
from amparo.app.backup.shown_settings import shown
from amparo.app.serving import inbox_folder
from amparo.core.clock import Clock
from amparo.core.errors import Conflict, Unavailable
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.db.copying import Advance, copy_out, size_bytes
from amparo.db.sqlite_files import counts, reading_file, version_in
from amparo.detect.deciding.tables import MediaRow
from amparo.respond.review.notices.tables import NoticeRow

assert amparo.app.tables  # all of them, so that none is left out

WRITTEN = "backup.write"
"""The audit trail's word for it."""

PARTIAL = ".partial"
_HELD_NAME = re.compile(r"[0-9a-f]{32}\.age", re.ASCII)
_DATABASE_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Written:
    """A backup that is complete."""

    folder: Path
    manifest: Manifest


def write_backup(
    settings: Settings,
    database: Database,
    folder: Path,
    *,
    actor: str,
    clock: Clock,
    recipients: Recipients = (),
    with_held: bool = True,
    advance: Advance = lambda _: None,
) -> Written:
    """Into `folder`, which is there when all of it is. Raises Conflict, Unavailable.

    With `recipients`, nothing reaches the folder unencrypted.
    """
    _require_new(folder)
    _require_space(settings, database, folder.absolute().parent, with_held=with_held)
    if recipients:
        _require_space_for_snapshot(settings.home, database, folder.absolute().parent)
    now = clock.now()
    with _told(), _partial(folder) as partial:
        _put_on_record(database, folder, actor, now)
        with _snapshot_place(settings, partial, recipients) as snapshot:
            copy_out(database, snapshot, lambda share: advance(share * _DATABASE_SHARE))
            manifest = _about(database, snapshot, now)
            names = _held_names(snapshot)
            kept = [_keep_database(snapshot, partial, recipients)]
        kept.append(_keep_bytes(shown(settings).encode(), partial, SETTINGS, recipients))
        unread: list[str] = []
        if with_held:
            kept += _keep_held(inbox_folder(settings), partial, recipients, unread)
        manifest = replace(
            manifest,
            files=tuple(kept),
            with_held=with_held,
            unread=tuple(unread),
            elsewhere=len(names - {_bare(each.name) for each in kept} - set(unread)),
        )
        write_small(partial, MANIFEST, manifest.written(), recipients)
        sync_folder(partial)
        partial.rename(folder)
        sync_folder(folder.absolute().parent)
    with database.work() as work:
        put_backup(work, now)
    advance(1.0)
    return Written(folder, manifest)


def _require_new(folder: Path) -> None:
    parent = folder.absolute().parent
    if not parent.is_dir():
        raise Unavailable(f"There is no folder {parent} to write a backup into; make or mount it.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} is there already; name a new folder.")


def _require_space(
    settings: Settings, database: Database, parent: Path, *, with_held: bool
) -> None:
    wanted = size_bytes(database)
    inbox = inbox_folder(settings)
    if with_held and inbox.is_dir():
        wanted += sum(each.stat().st_size for each in os.scandir(inbox))
    free = shutil.disk_usage(parent).free
    if wanted > free:
        raise Unavailable(
            f"A backup may take {wanted // 1024**2} MiB, and {free // 1024**2} MiB are free in "
            f"{parent}; make room, or name another disk."
        )


def _require_space_for_snapshot(home: Path, database: Database, parent: Path) -> None:
    """Raises Unavailable. Where one disk has both, the copy and its encrypted form meet there."""
    there = next(each for each in (home, *home.parents) if each.is_dir())
    copies = 2 if there.stat().st_dev == parent.stat().st_dev else 1
    wanted, free = copies * size_bytes(database), shutil.disk_usage(there).free
    if wanted > free:
        raise Unavailable(
            f"A backup that is encrypted may take {wanted // 1024**2} MiB for a while on the disk "
            f"of AMPARO_HOME, and {free // 1024**2} MiB are free in {there}; make room there."
        )


def _put_on_record(database: Database, folder: Path, actor: str, now: datetime) -> None:
    """Before it is read: who takes everything along is on record, however that ends."""
    with database.work() as work:
        for organisation in organisations(work).values():
            record(
                work, organisation, actor=actor, action=WRITTEN,
                subject=f"backup:{folder.name}"[:200], now=now,
            )  # fmt: skip


@contextmanager
def _partial(folder: Path) -> Iterator[Path]:
    """The folder under another name, empty; ours alone. Removed where it does not become one."""
    partial = folder.with_name(folder.name + PARTIAL)
    with _ours_alone(partial, f"Another backup into {folder} is at work."):
        try:
            yield partial
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


@contextmanager
def _ours_alone(place: Path, taken: str) -> Iterator[None]:
    """A folder that is there, empty and locked. Raises Conflict where another has it."""
    place.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(taken) from error
        if not place.is_dir() or not os.path.samestat(os.fstat(lock), place.stat()):
            raise Conflict(taken)  # it ended this moment, and what we have locked is removed
        _empty(place)  # of what one that was killed has left
        yield
    finally:
        os.close(lock)


def _empty(folder: Path) -> None:
    for each in folder.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink()


@contextmanager
def _snapshot_place(settings: Settings, partial: Path, recipients: Recipients) -> Iterator[Path]:
    """Where the database is copied to: into the backup, or beside the original to be encrypted."""
    if not recipients:
        yield partial / DATABASE
        return
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = settings.home / f"backup{PARTIAL}"
    taken = f"Another encrypted backup is at work in {settings.home}; begin when it has ended."
    with _ours_alone(place, taken):
        try:
            yield place / DATABASE
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _about(database: Database, snapshot: Path, now: datetime) -> Manifest:
    with reading_file(snapshot) as work:
        head, about = newest_head(work), installation(work)
    return Manifest(
        amparo=__version__,
        migration=version_in(snapshot) or "",
        created_at=now,
        dialect=database.engine.dialect.name,
        installation=str(about.id),
        audit_position=head.position,
        audit_digest=head.digest.hex(),
        keys={name.value: print_ for name, print_ in about.keys.items()},
        tables=counts(snapshot),
        files=(),
    )


def _held_names(snapshot: Path) -> set[str]:
    """What the database says is held, on whichever host."""
    with reading_file(snapshot) as work:
        return {
            name
            for row in (MediaRow, NoticeRow)
            for name in work.execute(select(row.held_as).where(row.held_as.is_not(None))).scalars()
            if name is not None
        }


def _keep_database(snapshot: Path, partial: Path, recipients: Recipients) -> Kept:
    if recipients:
        return put_in(snapshot, partial, DATABASE, recipients)
    return digest_of(snapshot, DATABASE)


def _keep_held(
    inbox: Path, partial: Path, recipients: Recipients, unread: list[str]
) -> Iterator[Kept]:
    """Held uploads, as they are: encrypted. After the database, which then names none too many."""
    (partial / HELD).mkdir(mode=0o700)
    if not inbox.is_dir():
        return
    for name in sorted(os.listdir(inbox)):
        if not _HELD_NAME.fullmatch(name):
            continue
        try:
            data = (inbox / name).read_bytes()
        except FileNotFoundError:
            continue  # removed by now, as what nobody names is
        except OSError:
            unread.append(name)
            continue
        yield _keep_bytes(data, partial, f"{HELD}/{name}", recipients)
    sync_folder(partial / HELD)


def _keep_bytes(data: bytes, partial: Path, name: str, recipients: Recipients) -> Kept:
    write_small(partial, name, data, recipients)
    return Kept(name, len(data), hashlib.sha256(data).hexdigest())


def _bare(name: str) -> str:
    return name.removeprefix(f"{HELD}/")


@contextmanager
def _told() -> Iterator[None]:
    """A disk that is full, away or read-only, in words."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"The backup cannot be written ({error.strerror or error}); nothing is left of it. "
            "Make room, or name another folder."
        ) from error
