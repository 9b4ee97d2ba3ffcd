"""Where the files of a catalogue are: a folder, or an object store. Each is whole."""

import io
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from errno import EROFS
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from amparo.core.errors import AmparoError, Denied, Invalid, NotFound, Unavailable
from amparo.detect.bulk.stores import is_url, open_store, told_by_store

if TYPE_CHECKING:
    from obstore import ReadableFile
    from obstore.store import ObjectStore

UNFINISHED = ".unfinished-"
"""How files begin that somebody is writing, or was when it was killed."""

_LISTED_AT_A_TIME = 1000
_READ_AT_A_TIME = 256 * 1024


class Place(Protocol):
    """Files by names such as `parts/one`; who writes one sees it whole there, or not at all."""

    @property
    def url(self) -> str:
        """What to call it."""

    def files(self, folder: str) -> Iterator[tuple[str, int]]:
        """The finished files in a folder and their sizes in bytes, in no order."""

    def read(self, name: str) -> bytes:
        """All of a file. Raises NotFound, Denied, Unavailable."""

    def open(self, name: str) -> BinaryIO:
        """A file to be read in places, not as a whole. Raises NotFound, Denied, Unavailable."""

    def put(self, name: str, data: bytes) -> None:
        """Write or replace a file; it lasts when this returns."""

    def create(self, name: str, data: bytes) -> bool:
        """Write a new file; False where there is one already."""

    def move(self, name: str, to: str) -> None:
        """Give a file another name."""


def cannot(path: Path, do: str, error: OSError) -> AmparoError:
    """That a file or folder cannot be read or written, and why, in plain words."""
    kind = Denied if isinstance(error, PermissionError) or error.errno == EROFS else Unavailable
    return kind(f"{path} cannot be {do} ({error.strerror}).")


def place_of(catalogue: str) -> Place:
    """The folder or store that `catalogue` names. Raises Invalid."""
    if is_url(catalogue):
        return StorePlace(catalogue)
    folder = Path(os.path.abspath(catalogue))
    for each in (folder, *folder.parents):
        if os.path.exists(each) and not os.path.isdir(each):
            raise Invalid(f"{each} is a file; a catalogue is a folder, made where there is none.")
    return FolderPlace(folder)


class FolderPlace:
    """A folder, made where it is not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def url(self) -> str:
        """The path."""
        return str(self.folder)

    def files(self, folder: str) -> Iterator[tuple[str, int]]:
        """Those that were left unfinished are passed over."""
        try:
            with os.scandir(self.folder / folder) as entries:
                for entry in entries:
                    if entry.is_file() and not entry.name.startswith(UNFINISHED):
                        yield f"{folder}/{entry.name}", entry.stat().st_size
        except FileNotFoundError:
            return
        except OSError as error:
            raise cannot(self.folder / folder, "read", error) from error

    def read(self, name: str) -> bytes:
        """By the operating system."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(f"There is no {self.folder / name}.") from error
        except OSError as error:
            raise cannot(self.folder / name, "read", error) from error

    def open(self, name: str) -> BinaryIO:
        """As any file."""
        try:
            return (self.folder / name).open("rb")
        except FileNotFoundError as error:
            raise NotFound(f"There is no {self.folder / name}.") from error
        except OSError as error:
            raise cannot(self.folder / name, "read", error) from error

    def put(self, name: str, data: bytes) -> None:
        """Under another name first, and on disk before it gets its own."""
        path = self.folder / name
        building = self._written(path, data)
        os.replace(building, path)
        _keep_names(path.parent)

    def create(self, name: str, data: bytes) -> bool:
        """As a link, which is refused where the name is taken."""
        path = self.folder / name
        building = self._written(path, data)
        try:
            os.link(building, path)
        except FileExistsError:
            return False
        except OSError as error:
            raise cannot(path, "written", error) from error
        finally:
            building.unlink()
        _keep_names(path.parent)
        return True

    def move(self, name: str, to: str) -> None:
        """By one rename."""
        try:
            (self.folder / to).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.replace(self.folder / name, self.folder / to)
        except OSError as error:
            raise cannot(self.folder / name, "moved", error) from error
        _keep_names((self.folder / to).parent)

    def _written(self, path: Path, data: bytes) -> Path:
        building = path.parent / f"{UNFINISHED}{secrets.token_hex(8)}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            with suppress(OSError):
                building.unlink()  # the rest of it, where there was no room for all
            raise cannot(path.parent, "written", error) from error
        return building


def _keep_names(folder: Path) -> None:
    """Have the names in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class StorePlace:
    """A prefix in an object store, where each PUT is whole or not there."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.store: ObjectStore = open_store(self.url)

    def files(self, folder: str) -> Iterator[tuple[str, int]]:
        """As the store lists them."""
        import obstore

        with told_by_store(f"catalogue {self.url}"):
            for some in obstore.list(self.store, folder, chunk_size=_LISTED_AT_A_TIME):
                for each in some:
                    yield each["path"], each["size"]

    def read(self, name: str) -> bytes:
        """By one GET."""
        import obstore

        with told_by_store(f"{self.url}/{name}"):
            return bytes(obstore.get(self.store, name).bytes())

    def open(self, name: str) -> BinaryIO:
        """By GETs of ranges."""
        import obstore

        what = f"{self.url}/{name}"
        with told_by_store(what):
            reader = obstore.open_reader(self.store, name, buffer_size=_READ_AT_A_TIME)
        return cast(BinaryIO, _StoredFile(reader, what))

    def put(self, name: str, data: bytes) -> None:
        """By one PUT."""
        import obstore

        with told_by_store(f"{self.url}/{name}"):
            obstore.put(self.store, name, data, use_multipart=False)

    def create(self, name: str, data: bytes) -> bool:
        """By a PUT that the store refuses where the name is taken."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with told_by_store(f"{self.url}/{name}"):
            try:
                obstore.put(self.store, name, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def move(self, name: str, to: str) -> None:
        """By a copy, and then its removal."""
        import obstore

        with told_by_store(f"{self.url}/{name}"):
            obstore.rename(self.store, name, to)


class _StoredFile(io.RawIOBase):
    """An object as a file that Arrow can read in places."""

    def __init__(self, reader: "ReadableFile", what: str) -> None:
        self._reader = reader
        self._what = what

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        with told_by_store(self._what):
            return self._reader.seek(offset, whence)

    def tell(self) -> int:
        return self._reader.tell()

    def readinto(self, buffer: Any) -> int:
        with told_by_store(self._what):
            data = self._reader.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
