"""Files are hashed in the sandbox, from a form or fetched through the guard, as uploads are."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BeforeValidator
from python_multipart.multipart import parse_options_header

from amparo.app.serving import Serving
from amparo.core.errors import Invalid
from amparo.detect.hashing.model import USABLE_QUALITY, MediaHashes
from amparo.detect.hashing.vpdq import vpdq_of
from amparo.detect.media.sniff import sniff
from amparo.interfaces.calls.admission import Lanes, Room
from amparo.interfaces.calls.body import MOST_METADATA_BYTES, Form, receive_form
from amparo.interfaces.calls.callers import MediaSubmitter, Open
from amparo.interfaces.hma.route import KeyedCall
from amparo.interfaces.hma.signal_types import CONTENT_TYPES, types_of
from amparo.net.guard import NotAllowed

router = APIRouter(route_class=KeyedCall, prefix="/h")

Url = Annotated[str | None, Query(max_length=4000)]
Words = Annotated[str | None, Query(max_length=1000)]


def _false_if_empty(value: object) -> object:
    return False if value == "" else value


Flag = Annotated[bool, Query(), BeforeValidator(_false_if_empty)]
"""Yes or no; sent without a value it is no, as HMA reads it."""

FORM = Form(
    files=tuple(CONTENT_TYPES),
    fields={"metadata": MOST_METADATA_BYTES, "note": 4096},
    wrong_name="A file's field name is its content type: photo or video.",
    passes_over=100,
)


@dataclass(frozen=True, slots=True, repr=False)
class Hashed:
    """A file's hashes, and which of them are asked for, as HMA calls them."""

    hashes: MediaHashes
    types: tuple[str, ...]

    @property
    def signals(self) -> dict[str, str]:
        """By signal type; empty where a picture has too little in it for its hash to tell."""
        signals = {name: self._signal(name) for name in self.types}
        return {name: each for name, each in signals.items() if each or name != "vpdq"}

    def _signal(self, name: str) -> str:
        if name == "video_md5":
            return self.hashes.digests.md5
        if name == "vpdq":
            return vpdq_of(self.hashes)
        first = self.hashes.pictures[0]
        return first.hex if first.quality >= USABLE_QUALITY else ""


@router.get("/hash")
def hash_url(
    serving: Open, _: MediaSubmitter, url: Url = None, content_type: Words = None,
    types: Words = None,
) -> dict[str, str]:  # fmt: skip
    """The hashes of what is at a URL."""
    if not url:
        raise Invalid("url is required")
    return hash_of_url(serving, url, content_type, types).signals


@router.post("/hash")
async def hash_file(
    request: Request, serving: Open, _: MediaSubmitter, types: Words = None
) -> dict[str, str]:
    """The hashes of a file, whose field name is its content type."""
    with request.app.state.bodies.room() as room:
        hashed, _said = await hash_of_form(request, serving, types, room)
    return hashed.signals


def hash_of_url(serving: Serving, url: str, content_type: str | None, types: str | None) -> Hashed:
    """What is at a URL, hashed. Raises Invalid, also where nothing may be fetched from there."""
    if content_type:
        types_of(content_type, types)
    try:
        data = serving.fetcher.fetch(url)
    except NotAllowed as error:
        raise Invalid(error.message) from error
    return _hashed(serving, data, types_of(content_type or _content_type(data), types))


async def hash_of_form(
    request: Request, serving: Serving, types: str | None, room: Room
) -> tuple[Hashed, dict[str, bytes]]:
    """The one file of a form, hashed, and what is said beside it. Raises Invalid, HTTPException."""
    if not is_form(request):
        raise HTTPException(400, "Missing multipart/form-data file upload")
    parts = await receive_form(request, serving.settings.max_file_bytes, room, FORM)
    (content_type,) = parts.keys() & CONTENT_TYPES.keys()
    wanted = types_of(content_type, types)
    file, lanes = parts[content_type], request.app.state.lanes
    assert isinstance(lanes, Lanes)
    return await lanes.run(file, partial(_hashed, serving, file, wanted)), parts


def is_form(request: Request) -> bool:
    """Whether files are sent."""
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    return kind == b"multipart/form-data"


def _hashed(serving: Serving, data: bytes, types: tuple[str, ...]) -> Hashed:
    hasher = serving.pipeline.hasher
    with serving.metrics.stage("hash"):
        hashes = hasher.hash(data)
    serving.metrics.restarted(hasher.restarts)
    if "pdq" in types and not (hashes.pictures and hashes.kind.is_picture):
        why = hashes.problem.message if hashes.problem else f"It is {hashes.kind.value}."
        raise Invalid(f"This is no picture that can be hashed. {why}")
    return Hashed(hashes, types)


def _content_type(data: bytes) -> str:
    """What a file is, told from its bytes: what its host says may be wrong. Raises Invalid."""
    kind = sniff(data)
    if kind.is_picture:
        return "photo"
    if kind.value.startswith("video/"):
        return "video"
    raise Invalid(
        "unsupported url ContentType, if you know the expected type, provide it with the "
        "content_type query param"
    )
