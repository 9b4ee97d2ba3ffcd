"""What a message says: events, as JSON, each under the id that it keeps."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happened, as a webhook is told of it."""

    id: UUID
    type: str
    at: datetime
    data: Any


def body(events: Iterable[Told]) -> str:
    """A message of them, in the order that they are given in."""
    said = [
        {"id": str(each.id), "type": each.type, "at": _iso(each.at), "data": each.data}
        for each in events
    ]
    return json.dumps({"events": said}, ensure_ascii=False, separators=(",", ":"))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
