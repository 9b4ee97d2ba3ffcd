"""The index of a long list file, kept beside it and built again when the file has changed."""

import os
import shutil
import tempfile
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from errno import ENOTDIR
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from amparo.core.errors import AmparoError, NotFound, Unavailable
from amparo.detect.hashing.model import Algorithm
from amparo.detect.index import Damaged, Hits, IndexReader, IndexWriter, Rows
from amparo.detect.index.arrays import ArrayFile, described, write_array
from amparo.detect.lists import Signal, default_id, read_signals
from amparo.detect.matching.known import is_usable

FORMAT = 1
_DESCRIPTION = "list.json"
_ARRAYS = ("lines.npy", "expires.npy", "ids.npy", "id-ends.npy")

_SECONDS_OF_A_BUILD = 24 * 3600
"""Older unfinished folders are of programs that were killed."""

Advance = Callable[[float], None]


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
        """As it is now. Raises FileNotFoundError."""
        status = path.stat()
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


class ListIndex:
    """A list that is searched through its index."""

    def __init__(self, path: Path, folder: Path, now: datetime, *, name: str = "") -> None:
        """Open the index in `folder` of the list at `path`. Raises Damaged, FileNotFoundError."""
        self.name = name or path.stem
        self._path = path
        self._now = now.timestamp()
        self.description = read_description(folder)
        for file in self.description.files:
            file.verify(folder)
        self._lines, self._expires, self._ids, self._id_ends = (
            file.open(folder) for file in self.description.files
        )
        self.reader = IndexReader(folder)
        self.left_out = self.description.poor + int((self._expires <= self._now).sum())

    def __len__(self) -> int:
        return self.description.searched + self.description.poor - self.left_out

    def near(self, queries: NDArray[np.uint64], radius_bits: int) -> Hits:
        """Signals near hashes uint64[Q, 4], expired ones too."""
        return self.reader.near(queries, radius_bits)

    def equal(self, algorithm: Algorithm, digest: bytes) -> Hits:
        """Signals equal to a digest, expired ones too."""
        return self.reader.equal(algorithm.value, np.frombuffer(digest, np.uint8)[None])

    def signal_id(self, number: int) -> str | None:
        """The id of a signal that was found; None where it has expired."""
        if self._expires[number] <= self._now:
            return None
        first = int(self._id_ends[number - 1]) if number else 0
        if first == self._id_ends[number]:
            return default_id(self._path, int(self._lines[number]))
        return self._ids[first : self._id_ends[number]].tobytes().decode()


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


def open_list(
    path: Path,
    home: Path,
    now: datetime,
    *,
    algorithm: Algorithm | None,
    name: str = "",
    advance: Advance = lambda _: None,
    announce: Callable[[str], None] = lambda _: None,
) -> ListIndex:
    """The list at `path` through its index, which is built where there is none that fits.

    Raises what `read_list` raises, and Unavailable where an index can be kept nowhere.
    """
    try:
        source = ListFile.at(path, algorithm)
    except OSError as error:
        raise NotFound(f"There is no list or file {str(path)!r}.") from error
    for folder in index_folders(path, home):
        try:
            if read_description(folder).source == source:
                return ListIndex(path, folder, now, name=name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except AmparoError as error:
            announce(f"{error.message} It is built again.")
    folder = build(path, home, algorithm=algorithm, advance=advance)
    return ListIndex(path, folder, now, name=name)


def build(
    path: Path, home: Path, *, algorithm: Algorithm | None = None, advance: Advance = lambda _: None
) -> Path:
    """Build the index of a list; the folder. Nothing is left of one that fails.

    Raises what `read_list` raises, and Unavailable where it can be kept nowhere.
    """
    failure: OSError | None = None
    for folder in index_folders(path, home):
        try:
            if folder.exists() and not folder.is_dir():
                raise NotADirectoryError(ENOTDIR, "something else has its name")
            folder.parent.mkdir(parents=True, exist_ok=True)
            building = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
        except OSError as error:
            failure = error
            continue
        try:
            _fill(building, path, algorithm, advance)
            _put(building, folder)
        except OSError as error:
            raise Unavailable(
                f"The index of {path} cannot be kept in {folder} ({error.strerror or error})."
            ) from error
        finally:
            shutil.rmtree(building, ignore_errors=True)
        _remove_unfinished(folder)
        return folder
    assert failure is not None
    raise Unavailable(
        f"The index of {path} can be kept neither beside it nor in {home} ({failure.strerror})."
    ) from failure


@dataclass(slots=True)
class _Columns:
    """What is gathered of the signals, in few bytes each."""

    values: dict[Algorithm, bytearray] = field(
        default_factory=lambda: {each: bytearray() for each in Algorithm}
    )
    numbers: dict[Algorithm, "array[int]"] = field(
        default_factory=lambda: {each: array("Q") for each in Algorithm}
    )
    lines: "array[int]" = field(default_factory=lambda: array("Q"))
    expires: "array[float]" = field(default_factory=lambda: array("d"))
    ids: bytearray = field(default_factory=bytearray)
    id_ends: "array[int]" = field(default_factory=lambda: array("Q"))

    def add(self, line: int, signal: Signal, default: str) -> None:
        self.values[signal.algorithm] += bytes.fromhex(signal.value)
        self.numbers[signal.algorithm].append(len(self.lines))
        self.lines.append(line)
        self.expires.append(signal.expires.timestamp() if signal.expires else np.inf)
        if signal.id != default:
            self.ids += signal.id.encode(errors="surrogateescape")
        self.id_ends.append(len(self.ids))

    def rows(self) -> dict[str, Rows]:
        return {
            algorithm.value: Rows(
                np.frombuffer(values, np.uint8).reshape(-1, algorithm.digits // 2),
                np.array(self.numbers[algorithm], np.uint64),
                np.zeros(len(self.numbers[algorithm]), np.uint32),
            )
            for algorithm, values in self.values.items()
            if values
        }


def _fill(building: Path, path: Path, algorithm: Algorithm | None, advance: Advance) -> None:
    source = ListFile.at(path, algorithm)
    columns = _Columns()
    unhashed = poor = 0
    bytes_a_line = 0.0
    for line, signal in read_signals(path, algorithm=algorithm):
        if line == 1000 or line % 100_000 == 0:
            bytes_a_line = bytes_a_line or _bytes_of(path, line) / line
            advance(0.7 * min(1.0, line * bytes_a_line / max(1, source.size_bytes)))
        if signal is None:
            unhashed += 1
        elif not is_usable(signal):
            poor += 1
        else:
            columns.add(line, signal, default_id(path, line))
    with IndexWriter(building) as writer:
        writer.load(columns.rows(), lambda share: advance(0.7 + 0.3 * share))
    arrays: dict[str, NDArray[np.generic]] = {
        "lines.npy": np.array(columns.lines, np.uint64),
        "expires.npy": np.array(columns.expires, np.float64),
        "ids.npy": np.frombuffer(columns.ids, np.uint8),
        "id-ends.npy": np.array(columns.id_ends, np.uint64),
    }
    for name, column in arrays.items():
        write_array(building / name, column)
    shapes = {name: (column.dtype.str, column.shape) for name, column in arrays.items()}
    files = tuple(described(building, shapes))
    if ListFile.at(path, algorithm) != source:
        raise Unavailable(f"{path} changed while it was read; try again when it is whole.")
    about = Description(source, len(columns.lines), unhashed, poor, files)
    (building / _DESCRIPTION).write_bytes(_adapter.dump_json(about))


def _bytes_of(path: Path, lines: int) -> int:
    """How long the first lines are."""
    with path.open("rb") as file:
        return sum(len(file.readline()) for _ in range(lines))


def _put(building: Path, folder: Path) -> None:
    """Let the new index take the place of the old one, which whoever reads keeps open."""
    old = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    try:
        if folder.exists():
            os.rename(folder, old / "old")
        os.rename(building, folder)
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _remove_unfinished(folder: Path) -> None:
    for left in folder.parent.glob(f"{folder.name}-*"):
        if time.time() - left.stat().st_mtime > _SECONDS_OF_A_BUILD:
            shutil.rmtree(left, ignore_errors=True)
