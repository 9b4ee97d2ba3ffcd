"""What a worker is called: a name that nobody else has, and the same after it was killed."""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from amparo.core.errors import Conflict, Unavailable

_WORKERS_OF_A_HOST = 64
_NAME = re.compile(rb"[0-9a-f]{32}\n")


@contextmanager
def worker_name(home: Path) -> Iterator[str]:
    """A name of this host's, which no other process has as long as the block lasts.

    It is chance, kept in the home folder: hosts that are copies of each other often have one host
    name. Raises Conflict where all are in use, Unavailable where it cannot be kept.
    """
    try:
        folder = home / "workers"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        number, lock = _free(folder)
    except OSError as error:
        raise _not_kept(home, error) from error
    try:
        yield _kept(folder / f"{number}.name")
    finally:
        os.close(lock)


def _free(folder: Path) -> tuple[int, int]:
    """The first number that nobody has, and the descriptor that holds it."""
    for number in range(_WORKERS_OF_A_HOST):
        lock = os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        return number, lock
    raise Conflict(f"There are {_WORKERS_OF_A_HOST} workers on this host already.")


def _kept(file: Path) -> str:
    """The name in a file, made where there is none that is whole. Only who has the lock asks."""
    try:
        with suppress(FileNotFoundError):
            if _NAME.fullmatch(found := file.read_bytes()):
                return found.decode().strip()
        name, part = secrets.token_hex(16), file.with_suffix(".part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="ascii") as writing:
            writing.write(f"{name}\n")
            writing.flush()
            os.fsync(writing.fileno())
        part.replace(file)
    except OSError as error:
        raise _not_kept(file, error) from error
    return name


def _not_kept(where: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"A worker's name cannot be kept in {where} ({error.strerror}); let Amparo write there."
    )
