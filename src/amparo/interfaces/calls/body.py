"""The body of an upload, whole and in memory: it never touches a disk in the clear."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
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
_ESCAPED = 6
"""JSON may write a letter of one byte in six, as \\u and four digits."""

_SECONDS = 60
"""How long a body may take to arrive, and a second more for each megabyte."""


@dataclass(frozen=True, slots=True)
class Form:
    """Which parts a form may have: one of `files`, and fields of so many bytes.

    A form that passes parts over takes what has no file name for a file under no name.
    """

    files: Collection[str]
    fields: Mapping[str, int]
    wrong_name: str
    passes_over: int = 0
    """So many other parts that are no files are let in, and nobody reads them."""


UPLOAD = Form(
    files=("file",),
    fields={"metadata": MOST_METADATA_BYTES},
    wrong_name="Parts are named `file` and `metadata`; one is not.",
)


@dataclass(frozen=True, slots=True, repr=False)
class Body:
    """The upload's bytes and the JSON said beside them; or JSON alone, which names a URL."""

    data: bytes = b""
    metadata: bytes = b""
    is_url: bool = False


async def receive(request: Request, max_bytes: int, room: Room) -> Body:
    """The body of a request. Raises Invalid, HTTPException 400, 408, 413, 415 or 503."""
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    if kind == b"multipart/form-data":
        parts = await receive_form(request, max_bytes, room, UPLOAD)
        body = Body(parts["file"], parts.get("metadata", b""))
    elif kind == b"application/json":
        return Body(metadata=await receive_json(request, max_bytes, room), is_url=True)
    elif kind == b"application/x-www-form-urlencoded":
        raise HTTPException(
            415, "Send multipart/form-data, or the file as the body with its own type."
        )
    else:
        _check_length(request, max_bytes)
        async with _in_time(max_bytes):
            body = Body(await _raw(request, max_bytes, room))
    _check_file(body.data, max_bytes)
    return body


async def receive_form(
    request: Request, max_bytes: int, room: Room, form: Form
) -> dict[str, bytes]:
    """The parts of a multipart body by name, with its file. Raises as `receive` does."""
    _, options = parse_options_header(request.headers.get("content-type", ""))
    most = max_bytes + _ENVELOPE_BYTES
    _check_length(request, most, beside=_ENVELOPE_BYTES)
    async with _in_time(most):
        parts = await _multipart(request, options.get(b"boundary", b""), most, room, form)
    for name in parts.keys() & set(form.files):
        _check_file(parts[name], max_bytes)
    return parts


async def receive_json(request: Request, max_bytes: int, room: Room) -> bytes:
    """What is said beside a file that is elsewhere. Raises as `receive` does."""
    _check_length(request, max_bytes)
    async with _in_time(max_bytes):
        return await _raw(request, MOST_METADATA_BYTES, room)


async def receive_text(request: Request, max_bytes: int, room: Room) -> bytes:
    """JSON that holds a text of so many bytes, however it is escaped. Raises as `receive` does."""
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    if kind not in (b"application/json", b""):
        raise HTTPException(415, "Send application/json.")
    most = _ESCAPED * max_bytes + MOST_METADATA_BYTES
    too_large = HTTPException(
        413, f"A text may have {max_bytes} bytes (AMPARO_MAX_TEXT_BYTES), and this is longer."
    )
    claimed = request.headers.get("content-length", "0")
    if not claimed.isdecimal() or int(claimed) > most:
        raise too_large
    data = bytearray()
    async with _in_time(most):
        async for piece in request.stream():
            room.take(len(piece))
            data += piece
            if len(data) > most:
                raise too_large
    return bytes(data)


@asynccontextmanager
async def _in_time(most_bytes: int) -> AsyncIterator[None]:
    seconds = _SECONDS + most_bytes / 1_000_000
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise HTTPException(408, f"The body did not arrive within {seconds:.0f} s.") from None
    except ClientDisconnect:
        raise HTTPException(400, "The body ended before its length.") from None


def _check_file(data: bytes, max_bytes: int) -> None:
    if not data:
        raise Invalid("There is no file in this request, or it is empty.")
    if len(data) > max_bytes:
        raise _too_large(max_bytes)


def _check_length(request: Request, most: int, *, beside: int = 0) -> None:
    """What is claimed to be too large is not waited for; `beside` of it are not the file's."""
    claimed = request.headers.get("content-length")
    if claimed is not None and (not claimed.isdecimal() or int(claimed) > most):
        raise _too_large(most - beside)


async def _raw(request: Request, most: int, room: Room) -> bytes:
    data = bytearray()
    async for piece in request.stream():
        room.take(len(piece))
        data += piece
        if len(data) > most:
            raise _too_large(most)
    return bytes(data)


async def _multipart(
    request: Request, boundary: bytes, most: int, room: Room, form: Form
) -> dict[str, bytes]:
    if not boundary:
        raise HTTPException(400, "The multipart body names no boundary.")
    parts = _Parts(form)
    parser = MultipartParser(boundary, parts.callbacks())
    count = 0
    try:
        async for piece in request.stream():
            room.take(len(piece))
            count += len(piece)
            if count > most:
                raise _too_large(most - _ENVELOPE_BYTES)
            parser.write(piece)
        parser.finalize()
    except FormParserError as error:
        raise HTTPException(400, "The multipart body is malformed.") from error
    if not parts.ended:
        raise HTTPException(400, "The multipart body ends before its last boundary.")
    if not parts.values.keys() & set(form.files):
        which = f"`{'` or `'.join(form.files)}`{' with a file name' if form.passes_over else ''}"
        raise Invalid(f"The multipart body has no part named {which}.")
    return {name: bytes(value) for name, value in parts.values.items()}


@dataclass(slots=True, repr=False)
class _Parts:
    """Gathers the parts as the parser comes by them."""

    form: Form
    values: dict[str, bytearray] = field(default_factory=dict)
    ended: bool = False
    _name: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _part: str | None = None
    _passed_over: int = 0
    _passed_bytes: int = 0

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
        self._part = None

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
        is_file = b"filename" in options or b"filename*" in options
        if self.form.passes_over and not is_file and name not in self.form.fields:
            self._pass_over()
            return
        if name not in self.form.files and name not in self.form.fields:
            raise HTTPException(400, self.form.wrong_name)
        if name in self.values:
            raise HTTPException(400, f"The part `{name}` is there twice.")
        if name in self.form.files and self.values.keys() & set(self.form.files):
            raise HTTPException(400, "Only one file may be sent at a time.")
        self.values[name] = bytearray()
        self._part = name

    def _pass_over(self) -> None:
        self._passed_over += 1
        if self._passed_over > self.form.passes_over:
            raise HTTPException(400, f"There are more than {self.form.passes_over} other fields.")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part is None:
            self._passed_bytes += end - start
            if self._passed_bytes > MOST_METADATA_BYTES:
                raise HTTPException(413, f"Other fields may have {MOST_METADATA_BYTES} bytes.")
            return
        value = self.values[self._part]
        value += data[start:end]
        most = self.form.fields.get(self._part)
        if most is not None and len(value) > most:
            raise HTTPException(413, f"`{self._part}` may have {most} bytes.")

    def _end(self) -> None:
        self.ended = True


def _too_large(most: int) -> HTTPException:
    return HTTPException(413, f"The file may have {most} bytes (AMPARO_MAX_FILE_BYTES).")
