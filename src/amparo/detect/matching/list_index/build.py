"""Build the index of a list file, one process at a time, beside the one that is being searched."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import ENOTDIR
from pathlib import Path

from amparo.core.errors import Unavailable
from amparo.detect.hashing.model import Algorithm
from amparo.detect.matching.list_index.gather import Advance, write_list
from amparo.detect.matching.list_index.model import ListFile, index_folders, read_description

_REPLACED = "replaced"
"""Within the new index, for a moment: the one whose place it took."""


def build(
    path: Path,
    home: Path,
    *,
    algorithm: Algorithm | None = None,
    anew: bool = True,
    advance: Advance = lambda _: None,
    announce: Callable[[str], None] = lambda _: None,
) -> Path:
    """Build the index of a list; the folder. Nothing is left of one that fails.

    Of two processes that would, one waits until the other is done; then, unless its own is to be
    built `anew`, it has what it needs. Raises what `read_list` raises, and NoPlace.
    """
    ListFile.at(path, algorithm)
    failures: list[OSError] = []
    for folder in index_folders(path, home):
        try:
            with _unfinished(folder, announce) as building:
                if anew or not is_of(folder, ListFile.at(path, algorithm)):
                    write_list(building, path, algorithm, advance)
                    _put(building, folder, path)
        except OSError as error:
            failures.append(error)
        else:
            return folder
    raise NoPlace(
        f"The index of {path} can be kept neither beside it ({_why(failures[0])}) nor in {home} "
        f"({_why(failures[-1])})."
    ) from failures[-1]


class NoPlace(Unavailable):
    """No disk that may hold an index takes it."""

    code = "index.no_place"


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def is_of(folder: Path, source: ListFile) -> bool:
    """Whether there is an index in `folder` of that very list file. Raises Damaged."""
    try:
        return read_description(folder).source == source
    except (FileNotFoundError, NotADirectoryError, PermissionError):  # or another user's
        return False


@contextmanager
def _unfinished(folder: Path, announce: Callable[[str], None]) -> Iterator[Path]:
    """An empty folder beside `folder` that is this process's own until it has been renamed.

    What a killed process has left in it is removed.
    """
    building = folder.with_name(f"{folder.name}-unfinished")
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(ENOTDIR, "something else has its name")
    held = _held(building, lambda: announce(f"{folder}: another program builds it; waiting …"))
    try:
        for left in building.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        yield building
    finally:
        if _is_at(held, building):
            shutil.rmtree(building, ignore_errors=True)
        os.close(held)


def _held(building: Path, wait: Callable[[], None]) -> int:
    """A descriptor that locks the folder, which is made if need be; `wait` is told before."""
    while True:
        building.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = os.open(building, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                wait()
                fcntl.flock(held, fcntl.LOCK_EX)
            if _is_at(held, building):
                return held
        except BaseException:
            os.close(held)
            raise
        os.close(held)  # it was renamed or removed meanwhile


def _is_at(held: int, building: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(held), os.lstat(building))
    except FileNotFoundError:
        return False


def _put(building: Path, folder: Path, path: Path) -> None:
    """Let the new index take the place of the old one, which whoever reads keeps open."""
    building.chmod(_as_readable_as(path))
    if folder.exists():
        folder.rename(building / _REPLACED)
    building.rename(folder)
    shutil.rmtree(folder / _REPLACED, ignore_errors=True)


def _as_readable_as(path: Path) -> int:
    """The permissions of a folder for those who may read a file, and its owner."""
    may_read = path.stat().st_mode & 0o444
    return 0o700 | may_read | may_read >> 2
