"""What an index says of the list that it is of, and where it is kept."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter, ValidationError

from amparo.core.errors import NotFound
from amparo.detect.hashing.model import Algorithm
from amparo.detect.index import Damaged
from amparo.detect.index.arrays import ArrayFile

FORMAT = 2
_DESCRIPTION = "list.json"


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list file as it was when its index was built; any change of it changes one of these."""

    size_bytes: int
    modified_ns: int
    changed_ns: int
    inode: int
    algorithm: str | None
    format: int = FORMAT

    @classmethod
    def at(cls, path: Path, algorithm: Algorithm | None) -> Self:
        """As it is now. Raises NotFound."""
        try:
            status = path.stat()
        except OSError as error:
            raise NotFound(f"There is no list or file {str(path)!r}.") from error
        return cls(
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            status.st_ino,
            None if algorithm is None else algorithm.value,
        )


@dataclass(frozen=True, slots=True)
class Description:
    """What an index says of the list that it is of."""

    source: ListFile
    searched: int
    unhashed: int
    poor: int
    files: tuple[ArrayFile, ...]


_adapter = TypeAdapter(Description)


def read_description(folder: Path) -> Description:
    """What the index in `folder` is of. Raises FileNotFoundError, Damaged."""
    try:
        return _adapter.validate_json((folder / _DESCRIPTION).read_bytes())
    except ValidationError as error:
        raise Damaged(f"{folder / _DESCRIPTION} is not the description of a list.") from error


def index_folders(path: Path, home: Path) -> tuple[Path, Path]:
    """Where the index of a list is: beside it, or in Amparo's home where that cannot be written."""
    whole = path.resolve()
    name = f".{whole.name}.amparo-index"
    return whole.parent / name, home / "lists" / f"{whole.as_posix().strip('/').replace('/', '+')}"


def write_description(folder: Path, about: Description) -> None:
    """The last step of a build: what has no description is no index."""
    (folder / _DESCRIPTION).write_bytes(_adapter.dump_json(about))
