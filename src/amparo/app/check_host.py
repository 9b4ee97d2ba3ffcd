"""What is wrong with the machine under a service: addresses, files, disks, clocks."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from amparo.access.audit.tables import CheckpointRow
from amparo.app.listening import is_open, listens_at
from amparo.core.clock import Clock
from amparo.core.settings import Settings
from amparo.db import Database, Work
from amparo.detect.media.film import has_library

LEAST_FREE_BYTES = 2 * 1024**3
CLOCKS_APART = timedelta(seconds=10)
_TIME_SERVER = "let it follow a time server."


def host_findings(settings: Settings, clock: Clock) -> Iterator[str]:
    """What should be mended, each in a sentence that says how."""
    yield from _listening(settings.home)
    yield from _permissions(settings)
    folders = {nearest(settings.home).stat().st_dev: settings.home}
    for folder in (settings.home, *(each.parent for each in _files(settings))):
        folders.setdefault(nearest(folder).stat().st_dev, folder)
    for folder in folders.values():
        yield from _space(folder)
    yield from _file_times(settings, clock)
    yield from video_findings(is_installed=has_library())


def video_findings(*, is_installed: bool) -> Iterator[str]:
    """Whether what videos show can be compared."""
    if not is_installed:
        yield (
            "Of videos only the digests are compared, so that a copy that was saved again is not "
            "found: pip install 'amparo[video]'."
        )


def clock_findings(work: Work, database: Database, clock: Clock) -> Iterator[str]:
    """Whether this machine's clock differs from the database's, or from what is on record."""
    now = clock.now()
    if database.engine.dialect.name == "postgresql":
        theirs = work.execute(select(func.clock_timestamp())).scalar_one()
        if abs(theirs - now) > CLOCKS_APART:
            yield (
                f"This machine's clock and the database's are {abs(theirs - now)} apart; let both "
                "follow a time server."
            )
    newest = work.execute(select(func.max(CheckpointRow.at))).scalar()
    if newest is not None and newest > now + CLOCKS_APART:
        yield (
            f"The clock is behind what is on record by {newest - now}: it went back, or was ahead; "
            f"{_TIME_SERVER}"
        )


def nearest(path: Path) -> Path:
    """The folder itself, or the one above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())


def _listening(home: Path) -> Iterator[str]:
    found = listens_at(home)
    if found is not None and is_open(found[0]):
        yield (
            f"It listens on {found[0]} port {found[1]}, so that whoever reaches this machine can "
            "call it, without encryption: give --host an address of your own network, or let a "
            "firewall pass nobody but what speaks TLS before it."
        )


def _permissions(settings: Settings) -> Iterator[str]:
    for file in _files(settings):
        if file.exists() and _mode(file) & 0o044 and _mode(file.parent) & 0o011:
            yield (
                f"Others on this machine may read the database {file}: chmod 600 {file}, and chmod "
                f"700 {file.parent}."
            )
    home = settings.home
    if home.exists() and _mode(home) & 0o022:
        yield (
            f"Others on this machine may change what is in {home}, compiled programs too: chmod "
            f"700 {home}."
        )


def _space(folder: Path) -> Iterator[str]:
    there = nearest(folder)
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE_BYTES:
        yield f"Only {free // 1024**2} MiB are free where {folder} is."
    if not os.access(there, os.W_OK):
        yield f"{there} cannot be written to by this account."


def _file_times(settings: Settings, clock: Clock) -> Iterator[str]:
    """Whether a disk has another time, as one on another machine may, or was written later."""
    now = clock.now()
    there = nearest(settings.home)
    if os.access(there, os.W_OK):
        with tempfile.NamedTemporaryFile(dir=there) as made:
            apart = abs(_written(Path(made.name)) - now)
        if apart > CLOCKS_APART:
            yield (
                f"This machine's clock and that of the disk with AMPARO_HOME are {apart} apart; "
                "let both follow a time server."
            )
    for file in _files(settings):
        if file.exists() and _written(file) > now + CLOCKS_APART:
            yield (
                f"The clock is behind the last change of {file} by {_written(file) - now}; "
                f"{_TIME_SERVER}"
            )


def _files(settings: Settings) -> tuple[Path, ...]:
    """The database, where it is a file, and its log."""
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite" or not url.database:
        return ()
    return tuple(Path(url.database + ending) for ending in ("", "-wal"))


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
