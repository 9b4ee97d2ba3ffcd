"""What a call sends: JSON, or a file beside JSON, in pieces and as often as it takes."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol
from uuid import uuid4

from amparo.client.errors import NotSent

_PIECE_BYTES = 256 * 1024
JSON = "application/json"


Source = bytes | bytearray | memoryview | str | os.PathLike[str] | IO[bytes]
"""Bytes, the path of a file, or an open file."""


class Body(Protocol):
    """Something to send, any number of times."""

    @property
    def media_type(self) -> str:
        """What `Content-Type` says."""

    @property
    def size_bytes(self) -> int:
        """How long it is."""

    def pieces(self) -> Iterator[bytes]:
        """All of it, from its beginning."""


@dataclass(frozen=True, slots=True, repr=False)
class JsonBody:
    """JSON that is there already."""

    data: bytes
    media_type: str = JSON

    @property
    def size_bytes(self) -> int:
        """How long it is."""
        return len(self.data)

    def pieces(self) -> Iterator[bytes]:
        """All of it."""
        yield self.data


class FileBody:
    """A file, and JSON about it, as multipart/form-data. The name of the file is not told."""

    def __init__(self, file: IO[bytes], size_bytes: int, metadata: bytes) -> None:
        boundary = uuid4().hex
        self.media_type = f"multipart/form-data; boundary={boundary}"
        self._file = file
        self._file_bytes = size_bytes
        self._before = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="metadata"\r\n'
            f"Content-Type: {JSON}\r\n\r\n".encode()
            + metadata
            + f"\r\n--{boundary}\r\n"
            'Content-Disposition: form-data; name="file"; filename="file"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n".encode()
        )
        self._after = f"\r\n--{boundary}--\r\n".encode()

    @property
    def size_bytes(self) -> int:
        """How long it is, with what stands around the file."""
        return len(self._before) + self._file_bytes + len(self._after)

    def pieces(self) -> Iterator[bytes]:
        """All of it. Raises NotSent where the file has become shorter meanwhile."""
        yield self._before
        self._file.seek(0)
        left = self._file_bytes
        while left:
            piece = self._file.read(min(left, _PIECE_BYTES))
            if not piece:
                raise NotSent("The file became shorter while it was sent; wait until it is whole.")
            left -= len(piece)
            yield piece
        yield self._after


@contextmanager
def opened(source: Source) -> Iterator[tuple[IO[bytes], int]]:
    """The whole of it and how many bytes that is; an open file is left where it stood.

    What cannot be rewound is read into memory. Raises NotSent, OSError.
    """
    if isinstance(source, str | os.PathLike):
        with Path(source).open("rb") as file:
            yield file, _size_bytes(file)
    elif isinstance(source, bytes | bytearray | memoryview):
        yield io.BytesIO(source), memoryview(source).nbytes
    elif not isinstance(source.read(0), bytes):
        raise NotSent("This file gives text; open it in binary mode.")
    elif source.seekable():
        stood = source.tell()
        try:
            yield source, _size_bytes(source)
        finally:
            source.seek(stood)
    else:
        held = source.read()
        yield io.BytesIO(held), len(held)


def _size_bytes(file: IO[bytes]) -> int:
    file.seek(0, os.SEEK_END)
    return file.tell()
