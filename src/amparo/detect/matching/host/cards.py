"""What a host knows of its signals beside their hashes: a file of cards, read as it is written."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self
from uuid import UUID

from amparo.core.errors import Unavailable
from amparo.core.ids import ListId, OrganisationId, SignalNumber
from amparo.detect.hashing.plug_ins import algorithm_on_record
from amparo.detect.lists.model import (
    VIDEO_RULES,
    ListKind,
    Signal,
    SignalList,
    StoredSignal,
    Subject,
    VideoRule,
)

FILE = "cards.db"
_VALUES_AT_A_TIME = 500
_USUAL = tuple(asdict(each) for each in VIDEO_RULES)
"""What a list has of which an earlier version of Amparo has written the card."""

_WAIT_S = 2  # nobody else writes; who looks by hand may hold it for a moment

_TABLES = """
CREATE TABLE IF NOT EXISTS lists (number INTEGER PRIMARY KEY, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS signals (
    number INTEGER PRIMARY KEY, list_number INTEGER NOT NULL, data TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the life of an index, from which on something is searched.

    Loaded segments do not count as changes, so that both numbers must be reached.
    """

    identity: str = ""
    sequence: int = 0
    generation: int = 0

    def is_reached(self, by: "Mark") -> bool:
        """Whether an index at `by` has it."""
        return (
            self.identity == by.identity
            and self.sequence <= by.sequence
            and self.generation <= by.generation
        )


@dataclass(frozen=True, slots=True)
class HostList:
    """A list as this host knows it, up to `revision`, in an index that has reached `mark`."""

    id: ListId
    organisation_id: OrganisationId
    number: int
    name: str
    kind: ListKind
    subject: Subject
    radius_bits: int
    minimum_quality: int
    revision: int
    mark: Mark = Mark()
    radii: Mapping[str, int] = field(default_factory=dict)
    enabled_share: float = 1.0
    removed: bool = False
    video_rules: tuple[VideoRule, ...] = VIDEO_RULES

    @classmethod
    def of(cls, known: SignalList, revision: int, mark: Mark) -> Self:
        """As the database has it, of which this host holds what came up to `revision`."""
        return cls(
            known.id,
            known.organisation_id,
            known.number,
            known.name,
            known.kind,
            known.subject,
            known.radius_bits,
            known.minimum_quality,
            revision,
            mark,
            known.radii,
            known.enabled_share,
            known.removed,
            known.video_rules,
        )


class Cards:
    """The cards of a folder. One process writes, any number read; safe from any thread."""

    def __init__(self, folder: Path, *, writing: bool = False) -> None:
        self._lock = threading.Lock()
        path = folder / FILE
        mode = "rwc" if writing else "ro"
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=_WAIT_S,
        )
        if writing:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_TABLES)
        self._version = -1
        self._lists: Mapping[int, HostList] = {}

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def lists(self) -> Mapping[int, HostList]:
        """All lists by number, as they are now."""
        with self._lock:
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                rows = self._connection.execute("SELECT data FROM lists").fetchall()
                known = (_list_of(data) for (data,) in rows)
                self._lists = {each.number: each for each in known}
                self._version = version
            return self._lists

    def signals(self, numbers: Sequence[int]) -> dict[int, StoredSignal]:
        """The cards of these numbers, as far as there are such."""
        found: dict[int, StoredSignal] = {}
        for first in range(0, len(numbers), _VALUES_AT_A_TIME):
            some = numbers[first : first + _VALUES_AT_A_TIME]
            marks = ",".join("?" * len(some))
            with self._lock:
                rows = self._connection.execute(
                    f"SELECT number, list_number, data FROM signals WHERE number IN ({marks})",  # noqa: S608 (marks alone)
                    some,
                ).fetchall()
            found |= {row[0]: _signal_of(*row) for row in rows}
        return found

    def put_signals(self, signals: Iterable[StoredSignal]) -> None:
        """Write cards, before what they describe can be found."""
        rows = [(each.number, each.list_number, _card(each)) for each in signals]
        self._write("INSERT OR REPLACE INTO signals VALUES (?, ?, ?)", rows)

    def remove_signals(self, numbers: Iterable[int]) -> None:
        """Remove cards, after what they describe can no longer be found."""
        self._write("DELETE FROM signals WHERE number = ?", [(each,) for each in numbers])

    def put_lists(self, lists: Iterable[HostList]) -> None:
        """Write how far each list is known now."""
        rows = [(each.number, json.dumps(asdict(each), default=str)) for each in lists]
        if rows:
            self._write("INSERT OR REPLACE INTO lists VALUES (?, ?)", rows)
            self._version = -1

    def state(self, name: str) -> str:
        """A word that the writer left; empty where it left none."""
        with self._lock:
            row = self._connection.execute(
                "SELECT value FROM state WHERE name = ?", (name,)
            ).fetchone()
        return "" if row is None else str(row[0])

    def put_state(self, name: str, value: str) -> None:
        """Leave a word."""
        self._write("INSERT OR REPLACE INTO state VALUES (?, ?)", [(name, value)])

    def clear(self) -> None:
        """Remove everything; who reads sees an empty file."""
        for table in ("lists", "signals", "state"):
            self._write(f"DELETE FROM {table}", [()])  # noqa: S608 (names of ours)
        self._version = -1

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        """All of it or nothing. Raises Unavailable where the disk does not take it."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany(statement, rows)
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise Unavailable(f"The host's cards cannot be written ({error}).") from error


def _card(known_signal: StoredSignal) -> str:
    """All but the defaults, which most signals have."""
    signal = known_signal.signal
    known: dict[str, object] = {"id": signal.id, "a": signal.algorithm.value, "v": signal.value}
    known["r"] = known_signal.revision
    others = {
        "quality": signal.quality,
        "source": signal.source,
        "labels": list(signal.labels),
        "classification": signal.classification,
        "confidence": signal.confidence,
        "expires": signal.expires and signal.expires.isoformat(),
        "note": signal.note,
        "text": signal.text,
    }
    known |= {name: value for name, value in others.items() if value not in (None, "", [])}
    if signal.enabled_share != 1:
        known["enabled_share"] = signal.enabled_share
    if known_signal.content is not None:
        known["c"] = known_signal.content
    if known_signal.not_before is not None:
        known["from"] = known_signal.not_before.isoformat()
    return json.dumps(known, ensure_ascii=False)


def _signal_of(number: int, list_number: int, data: str) -> StoredSignal:
    known = json.loads(data)
    expires = known.pop("expires", None)
    revision = known.pop("r")
    value = known.pop("v")
    content, not_before = known.pop("c", None), known.pop("from", None)
    signal = Signal(
        id=known.pop("id"),
        algorithm=algorithm_on_record(known.pop("a"), len(value) // 2),
        value=value,
        labels=tuple(known.pop("labels", ())),
        expires=None if expires is None else datetime.fromisoformat(expires),
        **known,
    )
    return StoredSignal(
        SignalNumber(number),
        list_number,
        revision,
        signal,
        content,
        None if not_before is None else datetime.fromisoformat(not_before),
    )


def _list_of(data: str) -> HostList:
    known = json.loads(data)
    return HostList(
        id=ListId(UUID(known.pop("id"))),
        organisation_id=OrganisationId(UUID(known.pop("organisation_id"))),
        kind=ListKind(known.pop("kind")),
        subject=Subject(known.pop("subject")),
        mark=Mark(**known.pop("mark")),
        video_rules=tuple(VideoRule(**each) for each in known.pop("video_rules", _USUAL)),
        **known,
    )
