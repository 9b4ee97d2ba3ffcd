"""Hash many files on all processors, in their order, with few of them in memory at a time."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from amparo.app.begun import Begun, HashBytes, How, begin
from amparo.app.hash_elsewhere import Asked, Elsewhere
from amparo.app.read import read_file
from amparo.app.sandbox import limits_of
from amparo.app.walk import Found, walk
from amparo.core.problems import Problem
from amparo.core.settings import Settings
from amparo.detect.hashing.digests import digest
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.model import MediaHashes, PdqInput
from amparo.detect.hashing.once_more import hashed_once_more
from amparo.detect.media.model import Limits, MediaError
from amparo.detect.media.sandbox import Sandbox, out_of_memory
from amparo.detect.media.sniff import sniff

_BYTES_AT_A_TIME = 64 * 1024 * 1024
_FILES_AT_A_TIME = 8  # for each process: enough that none ever waits for the next


@dataclass(frozen=True, slots=True)
class FileHashes:
    """What became of one path: its hashes, or the problem why there are none at all."""

    path: str
    hashes: MediaHashes | None = None
    problem: Problem | None = None


@dataclass(slots=True, repr=False)
class _Pending:
    """A file whose hashes are being made; its bytes are kept in case the worker dies."""

    path: str
    data: bytes
    begun: Begun
    asked: Asked


def hash_files(
    paths: Iterable[str],
    sandbox: Sandbox,
    settings: Settings,
    *,
    pdq_input: PdqInput = PdqInput.SEEN,
    with_variants: bool = False,
    hash_bytes: HashBytes = hash_media,
) -> Iterator[FileHashes]:
    """The hashes of every file at or below `paths`, each as soon as all before it are done."""
    return hash_opened(
        ((found.path, _open(found, settings)) for found in walk(paths)),
        sandbox, settings,
        pdq_input=pdq_input, with_variants=with_variants, hash_bytes=hash_bytes,
    )  # fmt: skip


def hash_opened(
    files: Iterable[tuple[str, FileHashes | bytes]],
    sandbox: Sandbox,
    settings: Settings,
    *,
    pdq_input: PdqInput = PdqInput.SEEN,
    with_variants: bool = False,
    hash_bytes: HashBytes = hash_media,
) -> Iterator[FileHashes]:
    """The same for names and bytes that somebody else has read, or what became of them."""
    how = How(settings.video_seconds, pdq_input, with_variants, hash_bytes)
    with closing(Elsewhere(settings.hash_seconds)) as elsewhere:
        line = _Line(sandbox, limits_of(settings), how, elsewhere)
        for path, opened in files:
            while line.has_done_or_no_room_for(opened):
                yield line.first()
            line.add(path, opened)
        while line.waiting:
            yield line.first()


def _open(found: Found, settings: Settings) -> FileHashes | bytes:
    if found.problem is not None:
        return FileHashes(found.path, problem=found.problem)
    file = read_file(found.path, max_bytes=settings.max_file_bytes)
    if file.problem is not None or file.hashes is not None:
        return FileHashes(found.path, file.hashes, file.problem)
    return file.data


class _Line:
    """The files that wait for their hashes, in their order, and few enough to hold them all."""

    def __init__(
        self,
        sandbox: Sandbox,
        limits: Limits,
        how: How,
        elsewhere: Elsewhere,
    ) -> None:
        self.waiting: deque[FileHashes | _Pending] = deque()
        self._held_bytes = 0
        self._sandbox = sandbox
        self._limits = limits
        self._how = how
        self._elsewhere = elsewhere

    def add(self, path: str, opened: FileHashes | bytes) -> None:
        if isinstance(opened, FileHashes):
            self.waiting.append(opened)
            return
        self._held_bytes += len(opened)
        begun = begin(self._sandbox, opened, self._sandbox.share, self._how)
        self.waiting.append(_Pending(path, opened, begun, self._elsewhere.ask(opened)))

    def has_done_or_no_room_for(self, opened: FileHashes | bytes) -> bool:
        if not self.waiting:
            return False
        first = self.waiting[0]
        coming = len(opened) if isinstance(opened, bytes) else 0
        return (
            isinstance(first, FileHashes)
            or first.begun.answer.done()
            or self._held_bytes + coming > _BYTES_AT_A_TIME
            or len(self.waiting) >= self._sandbox.processes * _FILES_AT_A_TIME
        )

    def first(self) -> FileHashes:
        """What became of the first, once that is known; the others are at work meanwhile."""
        item = self.waiting.popleft()
        if isinstance(item, FileHashes):
            return item
        self._held_bytes -= len(item.data)
        return FileHashes(item.path, self._elsewhere.joined(self._here(item), item.asked))

    def _here(self, item: _Pending) -> MediaHashes:
        try:
            return hashed_once_more(partial(self._hashes, item))
        except MediaError as error:
            problem = error.problem
        except MemoryError:
            problem = out_of_memory(self._limits)
        return _digests_only(item.data, problem)

    def _hashes(self, item: _Pending, *, with_others: bool) -> MediaHashes:
        ask = partial(begin, self._sandbox, item.data, how=self._how, with_others=with_others)
        try:
            return (item.begun if with_others else ask(self._sandbox.share)).result()
        except MemoryError:
            # Its share was too small; alone it may take all that there is.
            for other in self.waiting:
                if isinstance(other, _Pending):
                    other.begun.answer.exception()
            self._sandbox.renew()
            return ask(self._limits).all_there_is()


def _digests_only(data: bytes, problem: Problem) -> MediaHashes:
    """What can be said of a file whose decoder died: a listed digest is still found."""
    return MediaHashes(sniff(data), len(data), digest(data), problem=problem)
