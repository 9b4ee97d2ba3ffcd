"""Contents of banks: added as a file or as hashes, shown, disabled, noted, removed."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from amparo.access.model import Actor
from amparo.app.change_contents import (
    ContentChange,
    add_content,
    change_content,
    remove_content,
)
from amparo.app.serving import Serving
from amparo.core.errors import Invalid, NotFound
from amparo.detect.lists.contents import Content, get_content
from amparo.detect.lists.forms import shown
from amparo.detect.lists.model import Signal, SignalList
from amparo.interfaces.calls.body import receive_json
from amparo.interfaces.calls.callers import ListsReader, ListsWriter, Open
from amparo.interfaces.hma.bank_names import find_bank
from amparo.interfaces.hma.banks import bank_answer
from amparo.interfaces.hma.hashing import (
    Flag,
    Hashed,
    Url,
    Words,
    hash_of_form,
    hash_of_url,
    is_form,
)
from amparo.interfaces.hma.route import KeyedCall
from amparo.interfaces.hma.signal_types import SIGNAL_TYPES, checked_signal
from amparo.wire.wrong import told

router = APIRouter(route_class=KeyedCall, prefix="/c")

LONGEST_DISABLED = timedelta(days=5 * 365)

Note = Annotated[str, Field(max_length=255, pattern=r"^[^\x00]*$")]
ContentId = Annotated[int, Path(ge=0, lt=2**63)]


def _without_infinity(value: dict[str, Any] | None) -> dict[str, Any] | None:
    """Raises ValueError where JSON has no such number, so that a database might not take it."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError as error:
        raise ValueError("has a number that JSON does not know; leave it out") from error
    return value


class Metadata(BaseModel):
    """What a client says of a content; Amparo only keeps it."""

    model_config = ConfigDict(extra="forbid")

    content_id: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] | None = None
    content_uri: Annotated[str, Field(max_length=4000)] | None = None
    json_: Annotated[
        dict[str, Any] | None, Field(alias="json"), AfterValidator(_without_infinity)
    ] = None


class Said(BaseModel):
    """What is said beside a file."""

    metadata: Metadata | None = None
    note: Note | None = None


class ContentUpdate(BaseModel):
    """What is to change; what is left out stays."""

    disable_until_ts: Annotated[int, Field(ge=0)] | None = None
    note: Note | None = None


@router.post("/bank/{bank}/content")
async def add_file(
    bank: str,
    request: Request,
    serving: Open,
    actor: ListsWriter,
    url: Url = None,
    content_type: Words = None,
    types: Words = None,
) -> dict[str, Any]:
    """Add the hashes of a file, from a form or at a URL."""
    of = await run_in_threadpool(_bank, serving, bank, actor)
    with request.app.state.bodies.room() as room:
        if url:
            said = Said()
            if request.headers.get("content-type", "").startswith("application/json"):
                most = serving.settings.max_file_bytes
                said = _said(await receive_json(request, most, room) or b"{}")
            hashed = await run_in_threadpool(hash_of_url, serving, url, content_type, types)
        elif is_form(request):
            hashed, parts = await hash_of_form(request, serving, types, room)
            said = _said_in(parts)
        else:
            raise Invalid("Neither `url` nor multipart file upload was received")
    return await run_in_threadpool(_add, serving, of, _signals_of(hashed), said, actor)


@router.post("/bank/{bank}/signal")
def add_signals(
    bank: str, body: Annotated[dict[str, Any], Body()], serving: Open, actor: ListsWriter
) -> dict[str, Any]:
    """Add hashes by their types."""
    of = _bank(serving, bank, actor)
    said = _said_of({"note": body.pop("note", None)})
    signals = {name: checked_signal(name, value) for name, value in body.items()}
    return _add(serving, of, signals, said, actor)


@router.get("/bank/{bank}/content/{content_id}")
def get(
    bank: str,
    content_id: ContentId,
    serving: Open,
    actor: ListsReader,
    include_signals: Flag = False,
) -> dict[str, Any]:
    """A content, and its hashes where they are asked for."""
    with serving.database.reading() as work:
        of = find_bank(work, bank, actor)
        content = get_content(work, of, content_id)
    signals = {"signals": _by_type(content)} if include_signals else {}
    return _answer(of, content) | signals


@router.put("/bank/{bank}/content/{content_id}")
def update(
    bank: str, content_id: ContentId, body: ContentUpdate, serving: Open, actor: ListsWriter
) -> dict[str, Any]:
    """Disable a content until a time, or enable it; note something."""
    latest = (serving.clock.now() + LONGEST_DISABLED).timestamp()
    if body.disable_until_ts is not None and body.disable_until_ts > latest:
        raise Invalid("disable_until_ts must be less than 5 years in the future")
    of = _bank(serving, bank, actor)
    change = ContentChange(body.disable_until_ts, body.note)
    changed = change_content(serving.database, of.name, content_id, change, actor, serving.clock)
    return _answer(of, changed)


@router.delete("/bank/{bank}/content/{content_id}")
def delete(bank: str, content_id: ContentId, serving: Open, actor: ListsWriter) -> dict[str, int]:
    """Remove a content: nothing matches it any more."""
    of = _bank(serving, bank, actor)
    try:
        remove_content(serving.database, of.name, content_id, actor, serving.clock)
    except NotFound:
        return {"deleted": 0}
    return {"deleted": 1}


def _bank(serving: Serving, bank: str, actor: Actor) -> SignalList:
    with serving.database.reading() as work:
        return find_bank(work, bank, actor)


def _signals_of(hashed: Hashed) -> dict[str, Signal]:
    """Raises Invalid where a picture has too little in it."""
    signals = hashed.signals
    if not all(signals.values()):
        raise Invalid(
            "The picture has too little in it to be told from others (a PDQ quality below 50), so "
            "that nothing would ever match it; it was not added."
        )
    quality = hashed.hashes.pictures[0].quality if hashed.hashes.pictures else None
    made = {name: checked_signal(name, value) for name, value in signals.items()}
    return {
        name: replace(each, quality=quality) if name == "pdq" else each
        for name, each in made.items()
    }


def _add(
    serving: Serving, of: SignalList, signals: dict[str, Signal], said: Said, actor: Actor
) -> dict[str, Any]:
    if not signals:
        raise Invalid("No signals given")
    metadata = None
    if said.metadata is not None:
        metadata = said.metadata.model_dump(by_alias=True, exclude_unset=True)
    added = add_content(
        serving.database, of.name, tuple(signals.values()), actor, serving.clock,
        note=said.note, said=metadata,
    )  # fmt: skip
    return {"id": added.id, "signals": {name: shown(each) for name, each in signals.items()}}


def _said(text: bytes) -> Said:
    """Raises Invalid, which names the field and not what was in it."""
    try:
        return Said.model_validate_json(text)
    except ValidationError as error:
        raise _invalid(error) from None


def _said_of(fields: dict[str, Any]) -> Said:
    try:
        return Said.model_validate(fields)
    except ValidationError as error:
        raise _invalid(error) from None


def _said_in(parts: dict[str, bytes]) -> Said:
    """What stands in the fields of a form, the metadata as JSON."""
    try:
        metadata = parts.get("metadata")
        return Said(
            metadata=None if not metadata else Metadata.model_validate_json(metadata),
            note=parts["note"].decode("utf-8") if "note" in parts else None,
        )
    except UnicodeDecodeError:
        raise Invalid("note: is not UTF-8 text") from None
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> Invalid:
    errors = error.errors(include_input=False, include_url=False)
    return Invalid(f"Invalid metadata: {told(errors)}")


def _by_type(content: Content) -> dict[str, str]:
    """The hashes by HMA's types; of those that HMA does not know, by Amparo's."""
    names = {algorithm: name for name, algorithm in SIGNAL_TYPES.items()}
    return {
        names.get(each.signal.algorithm, each.signal.algorithm.value): shown(each.signal)
        for each in content.signals
    }


def _answer(of: SignalList, content: Content) -> dict[str, Any]:
    return {
        "id": content.id,
        "disable_until_ts": content.disable_until_ts,
        "collab_metadata": {},
        "original_media_uri": None,
        "bank": bank_answer(of),
        "metadata": content.said,
        "note": content.note,
    }
