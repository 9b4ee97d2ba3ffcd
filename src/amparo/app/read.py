"""The bytes of a file as it is now, or why they cannot be had."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from amparo.app.walk import not_regular, problem_of_path
from amparo.core.problems import Problem, ProblemCode
from amparo.detect.hashing.digests import digests_alone
from amparo.detect.hashing.model import MediaHashes

_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class FileBytes:
    """A whole file in memory, or what is known of one that is too large for it."""

    data: bytes = b""
    hashes: MediaHashes | None = None
    problem: Problem | None = None


def read_file(path: str, *, max_bytes: int) -> FileBytes:
    """Read `path`, which may have become anything since it was found.

    A file of more than `max_bytes` is read once for its digests, a piece at a time.
    """
    try:
        # Without O_NONBLOCK, opening a pipe that took the file's place would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return FileBytes(problem=problem_of_path(path, error))
    with open(descriptor, "rb", buffering=0) as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            return FileBytes(problem=not_regular(before.st_mode))
        try:
            pieces = _pieces(file.fileno(), before.st_size)
            if before.st_size > max_bytes:
                result = FileBytes(hashes=digests_alone(pieces, before.st_size, max_bytes))
            else:
                result = FileBytes(b"".join(pieces))
        except OSError as error:
            return FileBytes(problem=problem_of_path(path, error))
        if _changed(before, os.fstat(descriptor)):
            return FileBytes(
                problem=Problem(
                    ProblemCode.FILE_CHANGED,
                    "The file changed while it was read; scan it again once it is complete.",
                )
            )
        return result


def _pieces(descriptor: int, size_bytes: int) -> Iterator[bytes]:
    """At most `size_bytes`, since a file may grow as fast as it is read."""
    left = size_bytes
    while left > 0:
        piece = os.read(descriptor, min(left, _PIECE_BYTES))
        if not piece:
            return
        left -= len(piece)
        yield piece


def _changed(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)
