"""The files below some paths, one at a time, so that a folder of a million costs no memory."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from amparo.core.problems import Problem, ProblemCode


@dataclass(frozen=True, slots=True)
class Found:
    """A path to a file, or to something that is none, and why."""

    path: str
    problem: Problem | None = None


Ancestors = tuple[tuple[int, int], "Ancestors"] | None
"""The folders above a path by device and inode, the nearest first."""


def walk(paths: Iterable[str]) -> Iterator[Found]:
    """Every file at or below `paths`, in the order in which the disk lists them.

    Links are followed; a folder that several links below one path lead to is entered by
    the first of them.
    Whatever cannot be entered or read comes out with its problem.
    """
    for path in paths:
        linked: set[tuple[int, int]] = set()
        waiting: list[tuple[str, Ancestors]] = [(path, None)]
        while waiting:
            here, above = waiting.pop()
            folder = _enter(here, above, linked)
            if isinstance(folder, Found):
                yield folder
            elif folder is not None:
                below = (folder, above)
                folders: list[str] = []
                yield from _files_of(here, folders)
                waiting.extend((each, below) for each in reversed(folders))


def _enter(
    path: str, above: Ancestors, linked: set[tuple[int, int]]
) -> Found | tuple[int, int] | None:
    """The identity of the folder at `path`, or what is there instead; None to pass it over."""
    try:
        status = os.stat(path)
        is_link = stat.S_ISLNK(os.lstat(path).st_mode)
    except OSError as error:
        return Found(path, problem_of_path(path, error))
    if stat.S_ISREG(status.st_mode):
        return Found(path)
    if not stat.S_ISDIR(status.st_mode):
        return Found(path, not_regular(status.st_mode))
    folder = (status.st_dev, status.st_ino)
    if is_link:
        if _is_among(folder, above):
            return Found(path, _link_loop("The link leads back to a folder that it lies in."))
        if folder in linked:
            return None
        linked.add(folder)
    return folder


def _files_of(path: str, folders: list[str]) -> Iterator[Found]:
    """What lies in the folder at `path`; the folders in it go to `folders`, for later."""
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    yield Found(entry.path)
                elif entry.is_dir(follow_symlinks=False) or _leads_to_folder(entry.path):
                    folders.append(entry.path)
                else:
                    found = _enter(entry.path, None, set())
                    yield found if isinstance(found, Found) else Found(entry.path)
    except OSError as error:
        yield Found(path, problem_of_path(path, error))


def _leads_to_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except OSError:
        return False


def _is_among(folder: tuple[int, int], above: Ancestors) -> bool:
    while above is not None:
        nearest, above = above
        if nearest == folder:
            return True
    return False


def problem_of_path(path: str, error: OSError) -> Problem:
    """What an error of the operating system means for the one who asked for `path`."""
    if error.errno == errno.ENOENT:
        if os.path.islink(path):
            return Problem(ProblemCode.FILE_DANGLING_LINK, "The link leads to nothing that exists.")
        return Problem(ProblemCode.FILE_VANISHED, "There is no such file, or it was removed.")
    if error.errno == errno.ELOOP:
        return _link_loop("The link leads back to itself.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return Problem(ProblemCode.FILE_DENIED, "You have no permission to read it.")
    return Problem(
        ProblemCode.FILE_UNREADABLE, f"The system cannot read it: {error.strerror or error}."
    )


def not_regular(mode: int) -> Problem:
    """The problem of what is neither a file nor a folder."""
    kinds = {
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    what = kinds.get(stat.S_IFMT(mode), "something else")
    return Problem(ProblemCode.FILE_NOT_REGULAR, f"It is {what}, not a file.")


def _link_loop(message: str) -> Problem:
    return Problem(ProblemCode.FILE_LINK_LOOP, message)
