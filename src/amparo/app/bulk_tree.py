"""A folder tree as an archive: each file by its path below the folder."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from amparo.app.read import FileBytes, read_file
from amparo.app.walk import Found, not_regular, problem_of_path, walk
from amparo.core.errors import Invalid, NotFound
from amparo.core.problems import Problem, ProblemCode
from amparo.detect.bulk.model import Item
from amparo.detect.hashing.model import MediaHashes

_SINCE = datetime(1970, 1, 1, tzinfo=UTC)
_CHANGED = Problem(
    ProblemCode.FILE_CHANGED,
    "The file changed between its listing and its reading; scan again once it is complete.",
)


class TreeSource:
    """Everything below a folder, links followed as `amparo scan` follows them."""

    def __init__(self, folder: str) -> None:
        """Raises NotFound, Invalid where it is a file."""
        self.id = os.path.abspath(folder)
        if Path(self.id).is_file():
            raise Invalid(f"{folder!r} is a file; SOURCE is a folder or a prefix, not one object.")
        if not Path(self.id).is_dir():
            raise NotFound(f"There is no folder {folder!r} to scan.")

    def items(self) -> Iterator[Item]:
        """Every file, and whatever cannot be entered or read with its problem."""
        for found in walk([self.id]):
            yield self._item(found)

    def read(self, item: Item) -> bytes | Problem:
        """All of a file, where it is as it was listed before and after."""
        file = self._read(item, item.size_bytes)
        if isinstance(file, Problem):
            return file
        is_same = file.hashes is None and len(file.data) == item.size_bytes
        return file.data if is_same else _CHANGED

    def digests(self, item: Item, max_bytes: int) -> MediaHashes | Problem:
        """Of a large file, read once, a piece at a time."""
        file = self._read(item, max_bytes)
        if isinstance(file, Problem):
            return file
        is_same = file.hashes is not None and file.hashes.size_bytes == item.size_bytes
        return file.hashes if is_same and file.hashes is not None else _CHANGED

    def _read(self, item: Item, max_bytes: int) -> FileBytes | Problem:
        path = os.path.join(self.id, item.key)
        file = read_file(path, max_bytes=max_bytes)
        if file.problem is not None:
            return file.problem
        now = self._item(Found(path))
        if now.problem is not None:
            return now.problem
        return file if now.etag == item.etag else _CHANGED

    def _item(self, found: Found) -> Item:
        key = os.path.relpath(found.path, self.id)
        if found.problem is not None:
            return Item(key, 0, "", None, found.problem)
        try:
            status = os.stat(found.path)
        except OSError as error:
            return Item(key, 0, "", None, problem_of_path(found.path, error))
        if not stat.S_ISREG(status.st_mode):
            return Item(key, 0, "", None, not_regular(status.st_mode))
        etag = f"{status.st_dev:x}-{status.st_ino:x}-{status.st_mtime_ns:x}"
        modified = _SINCE + timedelta(microseconds=status.st_mtime_ns // 1000)
        return Item(key, status.st_size, etag, modified)
