"""A service of some age: decisions as the pipeline writes them, in a trail that is sealed."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from amparo.access.audit.chain import Head, statement
from amparo.access.audit.seal import newest_head
from amparo.access.audit.signing import signing_key
from amparo.core.ids import new_id
from amparo.db import Database
from amparo.detect.deciding.model import ContextFacts, Facts, MatchFacts, MediaFacts, UploaderFacts
from benchmarks.servers import operator

_AT_A_TIME = 20_000
_A_CHECKPOINT = 100
_ONE_IN_HELD = 50
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)

_MEDIA = "id organisation_id arrived_at media_type size_bytes problem held_as"
_DECISIONS = (
    "id organisation_id media_id decided_at action queue priority policy_version rules restrained "
    "labels broken facts"
)
_ENTRIES = "id organisation_id at actor action subject detail position digest"
_CHECKPOINTS = "position at digest root peaks signature"


def decide_many(database: Database, audit_key: Path, count: int) -> None:
    """So many decisions in SQLite, with uploads, audit entries and checkpoints."""
    organisation = operator(database).organisation_id
    key = signing_key(audit_key)
    with database.reading() as work:
        head = newest_head(work)
    for first in range(0, count, _AT_A_TIME):
        media, decisions, entries, checkpoints = [], [], [], []
        for number in range(first, min(first + _AT_A_TIME, count)):
            at = _BEGAN + timedelta(seconds=number)
            upload, decision, is_held = new_id(), new_id(), number % _ONE_IN_HELD == 0
            action = "hold" if is_held else "allow"
            media.append(
                (upload.hex, organisation.hex, _time(at), "image/jpeg", 200_000 + number, "",
                 f"{new_id().hex}.age" if is_held else None)
            )  # fmt: skip
            decisions.append(
                (decision.hex, organisation.hex, upload.hex, _time(at), action,
                 "near" if is_held else "", 0, 0, '["like-a-known-one"]' if is_held else "[]", "",
                 "[]", "[]", json.dumps(asdict(_facts(number, is_held=is_held))))
            )  # fmt: skip
            entry: dict[str, Any] = {
                "id": new_id(), "organisation_id": organisation, "at": at,
                "actor": f"key:{organisation}", "action": "media.decide",
                "subject": f"media:{upload}",
                "detail": {"decision": str(decision), "action": action},
            }  # fmt: skip
            head = head.after(entry)
            entries.append(
                (entry["id"].hex, organisation.hex, _time(at), entry["actor"], entry["action"],
                 entry["subject"], json.dumps(entry["detail"]), head.position, head.digest)
            )  # fmt: skip
            if number % _A_CHECKPOINT == _A_CHECKPOINT - 1 or number == count - 1:
                said = statement(head.position, at, head.digest, head.root)
                checkpoints.append(_checkpoint(head, at, key.sign(said)))
        with database.work() as work:
            for table, columns, rows in (
                ("media", _MEDIA, media), ("decisions", _DECISIONS, decisions),
                ("audit_entries", _ENTRIES, entries),
                ("audit_checkpoints", _CHECKPOINTS, checkpoints),
            ):  # fmt: skip
                database.insert_many(work, table, columns.split(), _each(rows))
        database.tidy()


def _each(rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    yield from rows


def _checkpoint(head: Head, at: datetime, signature: bytes) -> tuple[Any, ...]:
    peaks = json.dumps([peak.hex() for peak in head.peaks])
    return head.position, _time(at), head.digest, head.root, peaks, signature


def _time(at: datetime) -> str:
    """As SQLite keeps it."""
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def _facts(number: int, *, is_held: bool) -> Facts:
    match = MatchFacts(
        list="known", list_kind="confirmed", subject="child", signal=str(number + 1),
        algorithm="pdq", exact=False, distance=number % 31, quality=100, variant="original",
        revision=1, frame=0, source="", labels=(), classification="", confidence=-1.0,
    )  # fmt: skip
    return Facts(
        media=MediaFacts(type="image/jpeg", size_bytes=200_000 + number, frames=1, problem=""),
        matches=(match,) if is_held else (),
        suppressed=(),
        uploader=UploaderFacts(),
        context=ContextFacts("public_post", "", ()),
    )
