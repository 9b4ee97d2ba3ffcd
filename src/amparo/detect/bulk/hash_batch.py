"""One batch of objects: read a few ahead, hashed in the sandbox, added to the catalogue as a part."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from amparo import __version__
from amparo.core.clock import Clock
from amparo.core.errors import AmparoError
from amparo.core.problems import Problem, ProblemCode
from amparo.detect.bulk.catalogue import Catalogue
from amparo.detect.bulk.lock import Check
from amparo.detect.bulk.model import Batch, Item, Report, fingerprint
from amparo.detect.bulk.pace import Pace
from amparo.detect.bulk.rows import Row, part_of
from amparo.detect.bulk.source import Source
from amparo.detect.hashing.model import MediaHashes

HELD_BYTES = 256 * 1024 * 1024
"""What all threads hold of objects together, or one object that is larger than that."""

ENGINE = f"amparo {__version__}"

Hash = Callable[[bytes], MediaHashes]
"""Hashes bytes in the sandbox, from any thread. Raises Unavailable where it cannot run."""


@dataclass(slots=True)
class Scanner:
    """What a worker has open while it hashes one batch after the other."""

    source: Source
    catalogue: Catalogue
    hash: Hash
    pace: Pace
    clock: Clock
    check: Check
    readers: int
    max_file_bytes: int
    stopped: str = ""
    """Why nothing more can be hashed; each further batch is told so."""

    def scan(self, data: bytes) -> bytes:
        """Hash a batch and publish its part; what became of it."""
        if self.stopped:
            return Report(stopped=self.stopped).as_bytes()
        batch = Batch.of(data)
        work = _Work(self)
        with ThreadPoolExecutor(self.readers, "read") as threads:
            rows = [row for row in threads.map(work.row, batch.items) if row is not None]
        report = _counted(rows)
        try:
            if rows:
                self.check()
                self.catalogue.publish(batch.part, part_of(rows, self.source.id, ENGINE))
        except AmparoError as error:
            report, self.stopped = Report(), error.message
        report.stopped = self.stopped
        return report.as_bytes()


class _Work:
    """A batch under way; nothing more is begun once the scanner is `stopped`."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._room = _Room(max(HELD_BYTES, scanner.max_file_bytes))

    def row(self, item: Item) -> Row | None:
        """What became of an object; None where it was not looked at."""
        if self._scanner.stopped:
            return None
        try:
            found = self._hashed(item)
        except AmparoError as error:
            self._scanner.stopped = error.message
            return None
        problem = found if isinstance(found, Problem) else found.problem
        return Row(
            item,
            fingerprint(self._scanner.source.id, item),
            None if isinstance(found, Problem) else found,
            problem,
            self._scanner.clock.now(),
        )

    def _hashed(self, item: Item) -> MediaHashes | Problem:
        """Raises CredentialsRefused, Unavailable: then no other can be hashed either."""
        scanner = self._scanner
        if item.problem is not None:
            return item.problem
        if item.size_bytes > scanner.max_file_bytes:
            return _too_large(item.size_bytes, scanner.max_file_bytes)
        with self._room.taken(item.size_bytes):
            scanner.pace.wait(item.size_bytes)
            data = scanner.source.read(item)
            return data if isinstance(data, Problem) else scanner.hash(data)


class _Room:
    """Memory for objects that were read and are not hashed yet."""

    def __init__(self, size_bytes: int) -> None:
        self._free = size_bytes
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, size_bytes: int) -> Iterator[None]:
        """Wait until there is room for so many bytes, and have it."""
        with self._changed:
            self._changed.wait_for(lambda: self._free >= size_bytes)
            self._free -= size_bytes
        try:
            yield
        finally:
            with self._changed:
                self._free += size_bytes
                self._changed.notify_all()


def _too_large(size_bytes: int, max_bytes: int) -> Problem:
    return Problem(
        ProblemCode.MEDIA_TOO_LARGE,
        f"The object has {size_bytes} bytes; up to {max_bytes} are read (AMPARO_MAX_FILE_BYTES).",
    )


def _counted(rows: list[Row]) -> Report:
    codes = Counter(row.problem.code.value for row in rows if row.problem is not None)
    return Report(len(rows), sum(row.item.size_bytes for row in rows), codes)
