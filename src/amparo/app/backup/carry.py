"""Carry one file from here to there, with its digest; encrypted on its way, decrypted, or as it is.

A copy is on disk when the call returns.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import pyrage

from amparo.app.backup.manifest import Kept
from amparo.core.errors import Invalid

ENCRYPTED = ".age"
"""Behind the names of all files of a backup that was encrypted for somebody."""

_PIECE_BYTES = 1024 * 1024

Recipients = Sequence[pyrage.x25519.Recipient]
Identities = Sequence[pyrage.x25519.Identity]
Carried = Callable[[int], None]
"""Is told of so many bytes more."""


def _nobody(_: int) -> None:
    """Does not want to know."""


class _Digesting:
    """A file as it is read or written, with the digest of what was."""

    def __init__(self, file: BinaryIO, carried: Carried = _nobody) -> None:
        self._file = file
        self._carried = carried
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def read(self, size: int = -1) -> bytes:
        return self._seen(self._file.read(_PIECE_BYTES if size < 0 else size))

    def write(self, data: bytes) -> int:
        self._file.write(data)
        return len(self._seen(data))

    def flush(self) -> None:
        self._file.flush()

    def _seen(self, data: bytes) -> bytes:
        self._digest.update(data)
        self.size_bytes += len(data)
        self._carried(len(data))
        return data

    def kept_as(self, name: str) -> Kept:
        return Kept(name, self.size_bytes, self._digest.hexdigest())


def put_in(source: Path, folder: Path, name: str, recipients: Recipients) -> Kept:
    """Copy a file into a backup, encrypted where there are recipients; what it is without that."""
    with source.open("rb") as plain, _new(folder / stored_as(name, recipients)) as target:
        reader = _Digesting(plain)
        if recipients:
            pyrage.encrypt_io(reader, target, list(recipients))
        else:
            while piece := reader.read():
                target.write(piece)
        _sync(target)
    return reader.kept_as(name)


def digest_of(source: Path, name: str) -> Kept:
    """A file that is in its place already, with all of it on disk."""
    with source.open("rb") as plain:
        reader = _Digesting(plain)
        while reader.read():
            pass
        os.fsync(plain.fileno())
    return reader.kept_as(name)


def take_out(
    folder: Path, kept: Kept, target: Path, identities: Identities, carried: Carried
) -> None:
    """Copy a file of a backup, decrypted where it is encrypted. Raises Invalid."""
    source = folder / stored_as(kept.name, identities)
    try:
        stored = source.open("rb")
    except FileNotFoundError as error:
        raise Invalid(f"{kept.name} is missing in it.") from error
    with stored, _new(target) as plain:
        writer = _Digesting(plain, carried)
        if identities:
            _decrypted(stored, writer, identities, kept.name)
        else:
            while piece := stored.read(_PIECE_BYTES):
                writer.write(piece)
        _sync(plain)
    if writer.kept_as(kept.name) != kept:
        raise Invalid(f"{kept.name} is not as it was written; take another copy of the backup.")


def decrypted(data: bytes, identities: Identities) -> bytes:
    """A small file. Raises Invalid."""
    try:
        return bytes(pyrage.decrypt(data, list(identities)))
    except Exception as error:
        raise Invalid("It cannot be decrypted with this identity, or is damaged.") from error


def stored_as(name: str, keys: Recipients | Identities) -> str:
    """The name of a file in a backup that is encrypted, or is not."""
    return name + ENCRYPTED if keys else name


def sync_folder(folder: Path) -> None:
    """What was made, renamed or removed in it is on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_small(folder: Path, name: str, data: bytes, recipients: Recipients) -> None:
    """A file whose bytes are at hand."""
    with _new(folder / stored_as(name, recipients)) as target:
        target.write(pyrage.encrypt(data, list(recipients)) if recipients else data)
        _sync(target)


def _decrypted(stored: BinaryIO, writer: _Digesting, identities: Identities, name: str) -> None:
    try:
        pyrage.decrypt_io(stored, writer, list(identities))
    except OSError:
        raise
    except Exception as error:
        raise Invalid(f"{name} cannot be decrypted with this identity, or is damaged.") from error


def _new(path: Path) -> BinaryIO:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    return open(descriptor, "wb")


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
