"""One batch of objects: read a few ahead, hashed in the sandbox, added as a part or a few."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from amparo import __version__
from amparo.core.clock import Clock
from amparo.core.errors import AmparoError, Unavailable
from amparo.core.problems import Problem, ProblemCode
from amparo.detect.bulk.catalogue import Catalogue
from amparo.detect.bulk.lock import Check
from amparo.detect.bulk.model import Batch, Item, Report, fingerprint
from amparo.detect.bulk.pace import Pace
from amparo.detect.bulk.rows import Row, part_of
from amparo.detect.bulk.source import Source
from amparo.detect.hashing.model import MediaHashes

AHEAD_BYTES = 128 * 1024 * 1024
"""What is read ahead of a slow store and waits for the sandbox, or one object larger than that."""

HASHES_A_PART = 50_000
"""With so many a part ends early: of photographs that is some 6 000, of videos an hour or two."""

_MOST_UNREADABLE = 20
"""So many in a row are not their own fault."""

ENGINE = f"amparo {__version__}"

Opened = bytes | MediaHashes | Problem
"""What was read of an object, the digests of one that is too large, or why there is nothing."""

HashAll = Callable[[Iterable[Opened]], Iterator[MediaHashes | Problem]]
"""Hashes in the sandbox, in their order. Raises Unavailable where it cannot run."""


@dataclass(slots=True)
class Scanner:
    """What a worker has open while it hashes one batch after the other."""

    source: Source
    catalogue: Catalogue
    hash_all: HashAll
    pace: Pace
    clock: Clock
    check: Check
    max_file_bytes: int
    readers: int = 0
    """Threads that read ahead; none where reading takes no time."""

    stopped: str = ""
    """Why nothing more can be hashed; each further batch is told so."""

    unreadable: int = 0
    """How many were the last ones, one after the other."""

    def scan(self, data: bytes) -> bytes:
        """Hash a batch and publish its part, or parts; what became of it."""
        if self.stopped:
            return Report(stopped=self.stopped).as_bytes()
        batch = Batch.of(data)
        report = Report()
        try:
            for rows in self._portions(batch.items):
                self.check()
                self.catalogue.publish(batch.part, part_of(rows, self.source.id, ENGINE))
                report.add(_counted(rows))
                rows.clear()  # not kept while the next are gathered
        except AmparoError as error:
            self.stopped = error.message
        report.stopped = self.stopped
        return report.as_bytes()

    def _portions(self, items: Sequence[Item]) -> Iterator[list[Row]]:
        """The rows of one part after the other; what was hashed before an error is kept.

        Hashes of a batch of long videos would fill the memory, of this and of every look-back.
        """
        rows: list[Row] = []
        count = 0
        try:
            for row in self._rows(items):
                rows.append(row)
                count += row.hash_count
                if count >= HASHES_A_PART:
                    yield rows
                    rows, count = [], 0
        except AmparoError as error:
            self.stopped = error.message
        if rows:
            yield rows

    def _rows(self, items: Sequence[Item]) -> Iterator[Row]:
        """Raises CredentialsRefused, Unavailable: then no other can be hashed either."""
        for item, found in zip(items, self.hash_all(self._opened(items)), strict=True):
            hashes = None if isinstance(found, Problem) else found
            problem = found if isinstance(found, Problem) else found.problem
            yield Row(item, fingerprint(self.source.id, item), hashes, problem, self.clock.now())

    def _opened(self, items: Sequence[Item]) -> Iterator[Opened]:
        if not self.readers:
            return map(self._open, items)
        return read_ahead(items, self._open, self.readers, AHEAD_BYTES)

    def _open(self, item: Item) -> Opened:
        """Raises CredentialsRefused, and Unavailable where nothing can be read for long."""
        opened = self._opened_alone(item)
        if not isinstance(opened, Problem) or opened.code is not ProblemCode.FILE_UNREADABLE:
            self.unreadable = 0
            return opened
        self.unreadable += 1
        if self.unreadable >= _MOST_UNREADABLE:
            raise Unavailable(
                f"{_MOST_UNREADABLE} objects in a row cannot be read ({opened.message}). What is "
                "done stays done: run the same command again."
            )
        return opened

    def _opened_alone(self, item: Item) -> Opened:
        if item.problem is not None:
            return item.problem
        self.pace.wait(item.size_bytes)
        if item.size_bytes > self.max_file_bytes:
            return self.source.digests(item, self.max_file_bytes)
        return self.source.read(item)


def read_ahead(
    items: Sequence[Item], read: Callable[[Item], Opened], readers: int, most_bytes: int
) -> Iterator[Opened]:
    """What `read` gives for each, in order, read by so many threads and not too far ahead."""
    waiting: deque[tuple[Item, Future[Opened]]] = deque()
    ahead_bytes = 0
    threads = ThreadPoolExecutor(readers, "read")
    try:
        for item in items:
            while waiting and ahead_bytes + item.size_bytes > most_bytes:
                first, opened = waiting.popleft()
                ahead_bytes -= first.size_bytes
                yield opened.result()
            waiting.append((item, threads.submit(read, item)))
            ahead_bytes += item.size_bytes
            while len(waiting) > 2 * readers:
                first, opened = waiting.popleft()
                ahead_bytes -= first.size_bytes
                yield opened.result()
        for _, opened in waiting:
            yield opened.result()
    finally:
        threads.shutdown(cancel_futures=True)


def _counted(rows: list[Row]) -> Report:
    codes = Counter(row.problem.code.value for row in rows if row.problem is not None)
    return Report(len(rows), sum(row.item.size_bytes for row in rows), codes)
