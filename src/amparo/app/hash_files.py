"""Hash many files on all processors, in their order, with few of them in memory at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass

from amparo.app.read import read_file
from amparo.app.sandbox import limits_of
from amparo.app.walk import Found, walk
from amparo.core.problems import Problem
from amparo.core.settings import Settings
from amparo.detect.hashing.digests import digest
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.model import MediaHashes, PdqInput
from amparo.detect.media.model import Limits, MediaError
from amparo.detect.media.sandbox import Sandbox, out_of_memory
from amparo.detect.media.sniff import sniff

HashBytes = Callable[..., MediaHashes]
"""What runs in the sandbox: `hash_media`, or in a test something that fails on purpose."""

_BYTES_AT_A_TIME = 64 * 1024 * 1024
_FILES_AT_A_TIME = 8  # for each process: enough that none ever waits for the next


@dataclass(frozen=True, slots=True)
class FileHashes:
    """What became of one path: its hashes, or the problem why there are none at all."""

    path: str
    hashes: MediaHashes | None = None
    problem: Problem | None = None


@dataclass(slots=True)
class _Pending:
    """A file whose hashes are still being made; its bytes are kept in case the worker dies."""

    path: str
    data: bytes
    future: "Future[MediaHashes]"
    start: Callable[..., "Future[MediaHashes]"]


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
    limits = limits_of(settings)

    def start(data: bytes, allowed: Limits = sandbox.share) -> "Future[MediaHashes]":
        return sandbox.submit(
            MediaHashes, hash_bytes, data, allowed, pdq_input=pdq_input, with_variants=with_variants
        )

    pending: deque[FileHashes | _Pending] = deque()
    held_bytes = 0
    for found in walk(paths):
        opened = _open(found, settings)
        coming = len(opened) if isinstance(opened, bytes) else 0
        full = sandbox.processes * _FILES_AT_A_TIME
        while pending and (
            _is_done(pending[0]) or held_bytes + coming > _BYTES_AT_A_TIME or len(pending) >= full
        ):
            first = pending.popleft()
            held_bytes -= len(first.data) if isinstance(first, _Pending) else 0
            yield _finished(first, pending, limits)
        if isinstance(opened, bytes):
            pending.append(_Pending(found.path, opened, start(opened), start))
            held_bytes += coming
        else:
            pending.append(opened)
    while pending:
        yield _finished(pending.popleft(), pending, limits)


def _open(found: Found, settings: Settings) -> FileHashes | bytes:
    if found.problem is not None:
        return FileHashes(found.path, problem=found.problem)
    file = read_file(found.path, max_bytes=settings.max_file_bytes)
    if file.problem is not None or file.hashes is not None:
        return FileHashes(found.path, file.hashes, file.problem)
    return file.data


def _is_done(item: FileHashes | _Pending) -> bool:
    return isinstance(item, FileHashes) or item.future.done()


def _finished(
    item: FileHashes | _Pending, others: Iterable[FileHashes | _Pending], limits: Limits
) -> FileHashes:
    """What became of `item`; `others` are at work meanwhile."""
    if isinstance(item, FileHashes):
        return item
    try:
        return FileHashes(item.path, _hashes(item, others, limits))
    except MediaError as error:
        problem = error.problem
    except MemoryError:
        problem = out_of_memory(limits)
    return FileHashes(item.path, _digests_only(item.data, problem))


def _hashes(item: _Pending, others: Iterable[FileHashes | _Pending], limits: Limits) -> MediaHashes:
    try:
        return item.future.result()
    except MemoryError:
        # Its share was too small; alone it may take all that there is.
        wait([other.future for other in others if isinstance(other, _Pending)])
        return item.start(item.data, limits).result()


def _digests_only(data: bytes, problem: Problem) -> MediaHashes:
    """What can be said of a file whose decoder died: a listed digest is still found."""
    return MediaHashes(sniff(data), len(data), digest(data), problem=problem)
