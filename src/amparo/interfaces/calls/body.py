"""The body of an upload, whole and in memory: it never touches a disk in the clear."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi import HTTPException, Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from amparo.core.errors import Invalid
from amparo.interfaces.calls.admission import Room

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MOST_METADATA_BYTES = 64 * 1024
_MOST_HEADER_BYTES = 4096
_ENVELOPE_BYTES = MOST_METADATA_BYTES + 16 * 1024
_SECONDS = 60
"""How long a body may take to arrive, and a second more for each megabyte."""

_FIELDS = ("file", "metadata")


@dataclass(frozen=True, slots=True, repr=False)
class Body:
    """The upload's bytes and the JSON said beside them; or JSON alone, which names a URL."""

    data: bytes = b""
    metadata: bytes = b""
    is_url: bool = False


async def receive(request: Request, max_bytes: int, room: Room) -> Body:
    """The body of a request. Raises Invalid, HTTPException 400, 408, 413, 415 or 503."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    most = max_bytes + (_ENVELOPE_BYTES if kind == b"multipart/form-data" else 0)
    _check_length(request, most)
    seconds = _SECONDS + most / 1_000_000
    try:
        async with asyncio.timeout(seconds):
            if kind == b"multipart/form-data":
                body = await _multipart(request, options.get(b"boundary", b""), most, room)
            elif kind == b"application/json":
                return Body(metadata=await _raw(request, MOST_METADATA_BYTES, room), is_url=True)
            elif kind == b"application/x-www-form-urlencoded":
                raise HTTPException(
                    415, "Send multipart/form-data, or the file as the body with its own type."
                )
            else:
                body = Body(await _raw(request, most, room))
    except TimeoutError:
        raise HTTPException(408, f"The body did not arrive within {seconds:.0f} s.") from None
    except ClientDisconnect:
        raise HTTPException(400, "The body ended before its length.") from None
    if not body.data:
        raise Invalid("There is no file in this request, or it is empty.")
    if len(body.data) > max_bytes:
        raise _too_large(max_bytes)
    return body


def _check_length(request: Request, most: int) -> None:
    """What is claimed to be too large is not waited for."""
    claimed = request.headers.get("content-length")
    if claimed is not None and (not claimed.isdecimal() or int(claimed) > most):
        raise _too_large(most)


async def _raw(request: Request, most: int, room: Room) -> bytes:
    data = bytearray()
    async for piece in request.stream():
        room.take(len(piece))
        data += piece
        if len(data) > most:
            raise _too_large(most)
    return bytes(data)


async def _multipart(request: Request, boundary: bytes, most: int, room: Room) -> Body:
    if not boundary:
        raise HTTPException(400, "The multipart body names no boundary.")
    parts = _Parts()
    parser = MultipartParser(boundary, parts.callbacks())
    count = 0
    try:
        async for piece in request.stream():
            room.take(len(piece))
            count += len(piece)
            if count > most:
                raise _too_large(most)
            parser.write(piece)
        parser.finalize()
    except FormParserError as error:
        raise HTTPException(400, "The multipart body is malformed.") from error
    if not parts.ended:
        raise HTTPException(400, "The multipart body ends before its last boundary.")
    if "file" not in parts.values:
        raise Invalid("The multipart body has no part named `file`.")
    return Body(bytes(parts.values["file"]), bytes(parts.values.get("metadata", b"")))


@dataclass(slots=True, repr=False)
class _Parts:
    """Gathers the parts as the parser comes by them."""

    values: dict[str, bytearray] = field(default_factory=dict)
    ended: bool = False
    _name: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _part: str = ""

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._headers = {}
        self._part = ""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._check_header()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._check_header()

    def _check_header(self) -> None:
        if len(self._name) + len(self._value) > _MOST_HEADER_BYTES:
            raise HTTPException(400, "A header of a part is too long.")

    def _header_end(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name not in _FIELDS:
            raise HTTPException(400, "Parts are named `file` and `metadata`; one is not.")
        if name in self.values:
            raise HTTPException(400, f"The part `{name}` is there twice.")
        self.values[name] = bytearray()
        self._part = name

    def _data(self, data: bytes, start: int, end: int) -> None:
        value = self.values[self._part]
        value += data[start:end]
        if self._part == "metadata" and len(value) > MOST_METADATA_BYTES:
            raise HTTPException(413, f"`metadata` may have {MOST_METADATA_BYTES} bytes.")

    def _end(self) -> None:
        self.ended = True


def _too_large(most: int) -> HTTPException:
    return HTTPException(413, f"The file may have {most} bytes (AMPARO_MAX_FILE_BYTES).")
