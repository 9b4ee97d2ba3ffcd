"""The inbox: an upload's bytes, encrypted and on disk before its decision is on record."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pyrage
from pyrage import x25519

from amparo.core.errors import Unavailable
from amparo.core.ids import new_id

_SUFFIX = ".age"


class Inbox:
    """A folder of encrypted uploads. Names say nothing of what is inside."""

    def __init__(self, folder: Path, recipient: x25519.Recipient) -> None:
        """Raises Unavailable where the folder cannot be used."""
        self._folder = folder
        self._recipient = recipient
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _not_kept(error) from error

    def put(self, data: bytes) -> str:
        """The name under which `data` is kept now. Raises Unavailable; then nothing was kept."""
        name = f"{new_id().hex}{_SUFFIX}"
        path = self._folder / name
        encrypted = pyrage.encrypt(data, [self._recipient])
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                with open(descriptor, "wb", buffering=0) as file:
                    left = memoryview(encrypted)
                    while left:
                        left = left[file.write(left) :]
                    os.fsync(file.fileno())
                _sync(self._folder)
            except OSError:
                path.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _not_kept(error) from error
        return name

    def remove(self, name: str) -> None:
        """Remove what no decision names."""
        self.path(name).unlink(missing_ok=True)

    def names(self) -> Iterator[tuple[str, float]]:
        """What is kept, and when it was written in seconds since 1970; the folder may change."""
        with os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    yield entry.name, entry.stat().st_mtime

    def path(self, name: str) -> Path:
        """Where it is kept. Raises ValueError where that is no name of ours."""
        UUID(name.removesuffix(_SUFFIX))
        return self._folder / name


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_kept(error: OSError) -> Unavailable:
    return Unavailable(f"The upload cannot be kept ({error.strerror or error}); nothing was done.")
