"""Arrays as `.npy` files: written once, mapped read-only, and checked before they are believed."""

import hashlib
import mmap
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from amparo.detect.index.model import Damaged, readable

_BYTES_AT_A_TIME = 1 << 20
_LARGE_PAGE_BYTES = 2 << 20
_MADV_POPULATE_READ = 22  # Python 3.11 has no name for it


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """What a manifest says of one file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str

    @property
    def size_bytes(self) -> int:
        """Of the whole file."""
        count = int(np.prod(self.shape, dtype=np.int64))
        return len(self.header) + count * np.dtype(self.dtype).itemsize

    def open(self, folder: Path) -> NDArray[Any]:
        """The array, mapped; its header and size are checked. Raises Damaged, FileNotFoundError."""
        path = folder / self.name
        header = self.header
        with readable(path), path.open("rb") as file:
            whole = os.fstat(file.fileno()).st_size
            if file.read(len(header)) != header or whole != self.size_bytes:
                raise Damaged(f"{path} is not the array that the manifest names.")
            if 0 in self.shape:
                return np.empty(self.shape, self.dtype)
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return np.frombuffer(mapped, self.dtype, offset=len(header)).reshape(self.shape)

    def verify(self, folder: Path) -> None:
        """Read it all. Raises Damaged where a byte is not as it was written."""
        path = folder / self.name
        with readable(path):
            digest = digest_of(path)
        if digest != self.sha256:
            raise Damaged(f"{path} is damaged: its bytes are not those written.")

    @property
    def header(self) -> bytes:
        """The bytes before the array."""
        out = BytesIO()
        np.lib.format.write_array_header_1_0(
            out,
            {
                "descr": np.lib.format.dtype_to_descr(np.dtype(self.dtype)),
                "fortran_order": False,
                "shape": self.shape,
            },
        )
        return out.getvalue()


def fetch(array: NDArray[Any]) -> None:
    """Have all of a mapped array in memory, so that no search waits for a page of it."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    mapped = base.obj if isinstance(base, memoryview) else None
    if not isinstance(mapped, mmap.mmap):
        return
    with suppress(OSError):  # a system without large pages
        mapped.madvise(mmap.MADV_HUGEPAGE)
    try:
        mapped.madvise(_MADV_POPULATE_READ)
    except OSError:  # Linux before 5.14
        np.frombuffer(mapped, np.uint8)[:: mmap.PAGESIZE].max()


def write_array(path: Path, array: NDArray[Any]) -> None:
    """A new file with all of `array`; on disk when this returns."""
    with closing(NewArray(path, array.shape, array.dtype)) as file:
        file.append(array)


class NewArray:
    """A new file of an array that is written part by part, in order; close it at the end.

    In whole large pages, so that the system keeps it in such: searches wait less for their tables.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self._file = path.open("xb", buffering=0)
        self._begun = bytearray()
        self._write(ArrayFile(path.name, self.dtype.str, shape, "").header)

    def append(self, part: NDArray[Any]) -> None:
        """Write the next part, of whatever shape."""
        self._write(np.ascontiguousarray(part, self.dtype).reshape(-1).view(np.uint8).data)

    def close(self) -> None:
        """On disk when this returns."""
        try:
            self._write_out(self._begun)
            os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def _write(self, data: bytes | memoryview) -> None:
        missing = _LARGE_PAGE_BYTES - len(self._begun)
        self._begun += data[:missing]
        if len(self._begun) == _LARGE_PAGE_BYTES:
            left = memoryview(data)[missing:]
            whole = len(left) // _LARGE_PAGE_BYTES * _LARGE_PAGE_BYTES
            self._write_out(self._begun)
            self._begun = bytearray(left[whole:])
            self._write_out(left[:whole])

    def _write_out(self, data: bytearray | memoryview) -> None:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]


def described(folder: Path, arrays: Mapping[str, tuple[str, tuple[int, ...]]]) -> list[ArrayFile]:
    """The files of a finished folder with their digests; `arrays` gives dtype and shape of each."""
    with ThreadPoolExecutor() as threads:
        digests = threads.map(lambda name: digest_of(folder / name), arrays)
        return [
            ArrayFile(name, dtype, shape, digest)
            for (name, (dtype, shape)), digest in zip(arrays.items(), digests, strict=True)
        ]


def verify_all(folder: Path, files: Iterable[ArrayFile]) -> None:
    """Read all files, on all processors. Raises Damaged."""
    with ThreadPoolExecutor() as threads:
        for _ in threads.map(lambda file: file.verify(folder), files):
            pass


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(_BYTES_AT_A_TIME))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(buffer[:count])
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk, as a rename alone has not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
