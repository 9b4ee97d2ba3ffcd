"""Journals: every change since the manifest, one record each, appended and read as they grow."""

import hashlib
import os
import struct
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from amparo.detect.index.arrays import sync_folder
from amparo.detect.index.model import WIDTH_BYTES, Damaged, Rows, readable

_MAGIC = b"AmpJ"
_HEADER = struct.Struct("<4sIQQ32s")  # magic, checksum of the rest, sequence, bytes, their SHA-256
_FIRST = {kind: WIDTH_BYTES[kind] for kind in ("pdq", "md5", "sha1", "sha256")}
"""The kinds of which every record says how many rows it has; others stand behind, by name."""

_COUNTS = struct.Struct(f"<{1 + len(_FIRST)}Q")
_OTHER = struct.Struct("<20sIQ")  # another kind, bytes of a value, rows


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """What one call changed: first signals are withdrawn, then rows are added."""

    sequence: int
    withdrawn: NDArray[np.uint64]
    added: Mapping[str, Rows]

    def __len__(self) -> int:
        return len(self.withdrawn) + sum(len(rows) for rows in self.added.values())


def journal_path(folder: Path, number: int) -> Path:
    """Where the journal of that number is."""
    return folder / f"journal-{number:08d}"


def new_journal(folder: Path, number: int) -> None:
    """An empty one, on disk when this returns."""
    with journal_path(folder, number).open("wb") as file:
        os.fsync(file.fileno())
    sync_folder(folder)


class NotAppendedError(Exception):
    """The disk did not take a record; `was_removed` tells whether what came of it is gone."""

    def __init__(self, path: Path, error: OSError, *, was_removed: bool) -> None:
        super().__init__(f"{path}: {error.strerror or error}")
        self.was_removed = was_removed


def append(path: Path, change: Change) -> None:
    """Add a record, on disk when this returns. Raises NotAppendedError."""
    record = _packed(change)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except OSError as error:
        raise NotAppendedError(path, error, was_removed=True) from error
    try:
        size = os.fstat(descriptor).st_size
        try:
            _write_all(descriptor, record, size)
            os.fdatasync(descriptor)
        except OSError as error:
            removed = _is_cut(descriptor, size)
            raise NotAppendedError(path, error, was_removed=removed) from error
    finally:
        os.close(descriptor)


def _is_cut(descriptor: int, size: int) -> bool:
    """Whether what lies behind could be removed, on disk too."""
    try:
        os.ftruncate(descriptor, size)
        os.fdatasync(descriptor)
    except OSError:
        return False
    return True


class Journal:
    """One journal as it is read: from its start, then whatever was added since.

    It can be read to its end although it was removed meanwhile.
    """

    def __init__(self, folder: Path, number: int) -> None:
        """Raises FileNotFoundError."""
        self.number = number
        self.path = journal_path(folder, number)
        self.end = 0
        with readable(self.path):
            self._descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._descriptor)

    def changes(self) -> Iterator[Change]:
        """The whole records that were not read yet; one that is not yet whole ends them.

        Raises Damaged where one is not as it was written, or was taken back: then what it changed
        must be forgotten.
        """
        if os.fstat(self._descriptor).st_size < self.end:
            raise Damaged(f"{self.path} ends before byte {self.end}, up to which it was read.")
        while os.fstat(self._descriptor).st_size > self.end:
            with readable(self.path):
                found = _record(self.path, self._descriptor, self.end)
            if found is None:
                return
            change, self.end = found
            yield change

    def has_grown(self) -> bool:
        """Whether there is anything that was not read."""
        return os.fstat(self._descriptor).st_size != self.end

    def skip(self) -> None:
        """What was added until now was applied already."""
        self.end = os.fstat(self._descriptor).st_size

    def cut_torn(self) -> None:
        """Remove what a crash has left behind the last whole record."""
        with self.path.open("r+b") as file:
            file.truncate(self.end)
            os.fsync(file.fileno())


def _record(path: Path, descriptor: int, start: int) -> tuple[Change, int] | None:
    """The record at `start` and the byte behind it, None where it is not yet whole."""
    header = os.pread(descriptor, _HEADER.size, start)
    if len(header) < _HEADER.size or not any(header):
        return None
    magic, checksum, sequence, length, digest = _HEADER.unpack(header)
    if magic != _MAGIC or crc32(header[8:]) != checksum:
        raise Damaged(f"{path} is damaged: no record begins at byte {start}.")
    end = start + _HEADER.size + length
    size = os.fstat(descriptor).st_size
    if size < end:
        return None
    payload = b""
    while more := os.pread(descriptor, length - len(payload), end - length + len(payload)):
        payload += more
    if hashlib.sha256(payload).digest() != digest:
        if size == end and not any(payload[-512:]):  # it grew before its end was written
            return None
        raise Damaged(f"{path} is damaged: the record of change {sequence} is not as written.")
    return _unpacked(path, sequence, payload), end


def _packed(change: Change) -> bytes:
    kinds = {kind: change.added.get(kind, Rows.none(width)) for kind, width in _FIRST.items()}
    counts = _COUNTS.pack(len(change.withdrawn), *(len(rows) for rows in kinds.values()))
    parts = [counts, change.withdrawn.astype("<u8").tobytes()]
    for rows in kinds.values():
        parts += _columns(rows)
    for kind in sorted(change.added.keys() - _FIRST.keys()):
        rows = change.added[kind]
        parts += [_OTHER.pack(kind.encode(), rows.values.shape[1], len(rows)), *_columns(rows)]
    payload = b"".join(parts)
    rest = struct.pack("<QQ32s", change.sequence, len(payload), hashlib.sha256(payload).digest())
    return _MAGIC + struct.pack("<I", crc32(rest)) + rest + payload


def _columns(rows: Rows) -> list[bytes]:
    return [
        np.ascontiguousarray(rows.values).tobytes(),
        rows.signals.astype("<u8").tobytes(),
        rows.lists.astype("<u4").tobytes(),
    ]


def _unpacked(path: Path, sequence: int, payload: bytes) -> Change:
    counts = _COUNTS.unpack_from(payload)
    place = _COUNTS.size

    def part(dtype: str, count: int) -> NDArray[np.generic]:
        nonlocal place
        array = np.frombuffer(payload, dtype, count, place)
        place += array.nbytes
        return array

    def take(kind: str, width: int, count: int) -> None:
        values = part("u1", count * width).reshape(-1, width)
        rows = Rows(values, part("<u8", count), part("<u4", count))  # type: ignore[arg-type]
        if count:
            added[kind] = rows

    added: dict[str, Rows] = {}
    try:
        withdrawn = part("<u8", counts[0])
        for (kind, width), count in zip(_FIRST.items(), counts[1:], strict=True):
            take(kind, width, count)
        while place < len(payload):
            name, width, count = _OTHER.unpack_from(payload, place)
            place += _OTHER.size
            take(name.rstrip(b"\0").decode("ascii"), width, count)
    except (ValueError, struct.error) as error:
        raise Damaged(f"{path}: the record of change {sequence} has no sense.") from error
    return Change(sequence, withdrawn, added)  # type: ignore[arg-type]


def _write_all(descriptor: int, data: bytes, place: int) -> None:
    left = memoryview(data)
    while left:
        written = os.pwrite(descriptor, left, place)
        left = left[written:]
        place += written
