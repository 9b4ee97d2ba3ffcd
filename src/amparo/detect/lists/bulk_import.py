"""Very many signals into a list: all or nothing, while others go on reading and writing.

They are written in short transactions under a change that has no revision yet, so that nobody sees
them; giving it one is a small transaction, whatever their number. What an import that was killed
has left is removed by the next.
"""

import gc
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice
from typing import Any

from sqlalchemy import delete, insert, select, update

from amparo.core.clock import Clock
from amparo.core.errors import Conflict
from amparo.db import Database, Work
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.model import ListKind, Signal, SignalList, StoredSignal
from amparo.detect.lists.negative import check_signals
from amparo.detect.lists.store import Lists, is_live, kept_text, next_revision, same_values
from amparo.detect.lists.tables import ChangeRow, SignalRow

ROWS_AT_A_TIME = 1000
ALIVE = timedelta(seconds=60)
"""An import that has written nothing for so long was killed."""

_COLUMNS = (
    "list_number",
    "algorithm",
    "value",
    "source_id",
    "quality",
    "source",
    "labels",
    "classification",
    "confidence",
    "expires",
    "enabled_share",
    "note",
    "text",
    "added_by",
)
_Hash = tuple[Algorithm, str]

_PORTIONS_UNTIL_TIDY = 5
_YOUNG = 1
_SUFFIX = 2
_PAUSE_S = 0.003
"""Between two portions, so that whoever waits to write comes in."""


@dataclass(slots=True)
class Imported:
    """What an import came to: a revision, or a proposal that waits for a second person."""

    revision: int = 0
    proposal: int | None = None
    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    withdrawn: int = 0


class _Seen:
    """Hashes that have come, in many small sets: a large one is freed in a single long step."""

    def __init__(self) -> None:
        self._sets: defaultdict[str, set[str]] = defaultdict(set)

    def __contains__(self, key: str) -> bool:
        return key in self._sets[key[-_SUFFIX:]]

    def add(self, key: str) -> None:
        self._sets[key[-_SUFFIX:]].add(key)

    def forget(self) -> None:
        """All of them; others come in between."""
        while self._sets:
            self._sets.popitem()


@dataclass(slots=True, repr=False)
class _Staged:
    """An import at work."""

    database: Database
    to: SignalList
    change: int
    clock: Clock
    seen: _Seen = field(default_factory=_Seen)
    kept: set[int] = field(default_factory=set)
    result: Imported = field(default_factory=Imported)


def import_signals(
    database: Database,
    to: SignalList,
    signals: Iterable[Signal],
    *,
    actor: str,
    clock: Clock,
    only_these: bool = False,
    advance: Callable[[int], None] = lambda _: None,
    publish: Callable[[Work, Imported], None] = lambda _, __: None,
) -> Imported:
    """Add `signals`, replacing what the list says of the same hashes; as one change.

    With `only_these`, all others are withdrawn. A hash that comes twice counts once, as it came
    first. `publish` runs in the transaction that makes it visible, or a negative list's a
    proposal. Raises Conflict where another import into the list is at work; whatever `signals`
    raises leaves the list as it was.
    """
    staged = _begin(database, to, actor, clock)
    try:
        with _without_pauses(staged.seen):
            done = 0
            for number, some in enumerate(_portions(signals)):
                _stage(staged, some)
                done += len(some)
                advance(done)
                if number % _PORTIONS_UNTIL_TIDY == 0:
                    gc.collect(_YOUNG)
                    database.tidy()
            if only_these:
                _withdraw_others(staged)
            return _publish(staged, publish)
    except BaseException:
        _remove(database, staged.change)
        raise


@contextmanager
def _without_pauses(seen: _Seen) -> Iterator[None]:
    """Python looks for garbage among young objects alone until `seen` is forgotten.

    Among all, with a million hashes, it takes 150 ms in which nobody who waits comes in.
    """
    wanted = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        seen.forget()
        if wanted:
            gc.enable()


def _begin(database: Database, to: SignalList, actor: str, clock: Clock) -> _Staged:
    now = clock.now()
    with database.work() as work:
        unfinished = work.execute(
            select(ChangeRow.number, ChangeRow.alive_at).where(
                ChangeRow.list_number == to.number,
                ChangeRow.revision.is_(None),
                ChangeRow.proposed_at.is_(None),
            )
        ).all()
    for number, alive_at in unfinished:
        if abs(now - alive_at) < ALIVE:
            raise Conflict(
                f"Another import into the list {to.name!r} is at work, or was killed within the "
                "last minute; try again then."
            )
        _remove(database, number)
    with database.work() as work:
        change = work.execute(
            insert(ChangeRow)
            .values(list_number=to.number, began_at=now, alive_at=now, actor=actor)
            .returning(ChangeRow.number)
        ).scalar_one()
    return _Staged(database, to, change, clock)


def _stage(staged: _Staged, signals: Sequence[Signal]) -> None:
    """Write a portion that nobody sees yet; all that can be is made ready before others wait."""
    check_signals(staged.to.kind, signals)
    fresh = [signal for signal in signals if _is_new(staged, signal)]
    known = _known(staged, fresh)
    added = [signal for signal in fresh if _is_other(staged, signal, known)]
    replaced = [
        known[signal.algorithm, signal.value].number
        for signal in added
        if (signal.algorithm, signal.value) in known
    ]
    rows = [_plain(signal, staged) for signal in added]
    with staged.database.work() as work:
        if replaced:
            work.execute(
                update(SignalRow)
                .where(SignalRow.number.in_(replaced), is_live())
                .values(withdrawn_by=staged.change)
            )
        if rows:
            staged.database.insert_many(work, SignalRow.__tablename__, _COLUMNS, rows)
        _still_alive(work, staged)
    staged.result.added += len(added) - len(replaced)
    staged.result.replaced += len(replaced)
    staged.result.unchanged += len(fresh) - len(added)
    time.sleep(_PAUSE_S)


def _known(staged: _Staged, signals: Sequence[Signal]) -> dict[_Hash, StoredSignal]:
    """What the list said of the hashes when the import began, as far as it still does."""
    if not staged.to.revision:
        return {}
    with staged.database.reading() as work:
        found = same_values(work, staged.to.number, signals)
        return {(each.signal.algorithm, each.signal.value): each for each in found}


def _plain(signal: Signal, staged: _Staged) -> tuple[Any, ...]:
    """The columns in the order of _COLUMNS, as drivers take them."""
    return (
        staged.to.number,
        signal.algorithm.value,
        bytes.fromhex(signal.value),
        signal.id,
        signal.quality,
        signal.source,
        json.dumps(signal.labels, ensure_ascii=False),
        signal.classification,
        signal.confidence,
        signal.expires and signal.expires.strftime("%Y-%m-%d %H:%M:%S.%f"),
        signal.enabled_share,
        signal.note,
        kept_text(signal),
        staged.change,
    )


def _is_new(staged: _Staged, signal: Signal) -> bool:
    key = signal.algorithm.value + signal.value
    if key in staged.seen:
        return False
    staged.seen.add(key)
    return True


def _is_other(staged: _Staged, signal: Signal, known: dict[_Hash, StoredSignal]) -> bool:
    """Whether the list says something else of the hash, or nothing yet."""
    there = known.get((signal.algorithm, signal.value))
    if there is None or there.signal != replace(signal, expires=there.signal.expires):
        return True
    if there.signal.expires != signal.expires:
        return True
    staged.kept.add(there.number)
    return False


def _withdraw_others(staged: _Staged) -> None:
    after = 0
    while True:
        with staged.database.work() as work:
            page = work.execute(
                select(SignalRow.number, SignalRow.withdrawn_by)
                .where(
                    SignalRow.list_number == staged.to.number, SignalRow.number > after, is_live()
                )
                .order_by(SignalRow.number)
                .limit(ROWS_AT_A_TIME)
            ).all()
            others = [
                number
                for number, withdrawn_by in page
                if number not in staged.kept and withdrawn_by != staged.change
            ]
            work.execute(
                update(SignalRow)
                .where(SignalRow.number.in_(others))
                .values(withdrawn_by=staged.change)
            )
            _still_alive(work, staged)
        if not page:
            return
        staged.result.withdrawn += len(others)
        after = page[-1].number
        time.sleep(_PAUSE_S)


def _publish(staged: _Staged, publish: Callable[[Work, Imported], None]) -> Imported:
    """Give the change its revision: now everybody sees all of it.

    That of a negative list waits for a second person.
    """
    result = staged.result
    with staged.database.work() as work:
        if not result.added + result.replaced + result.withdrawn:
            result.revision = Lists(work).get(staged.to.organisation_id, staged.to.name).revision
            work.execute(delete(ChangeRow).where(ChangeRow.number == staged.change))
            return result
        if staged.to.kind is ListKind.NEGATIVE:
            result.proposal = staged.change
            done: dict[str, object] = {"proposed_at": staged.clock.now()}
        else:
            result.revision = next_revision(work, staged.to.number)
            _supersede(work, staged)
            done = {"revision": result.revision, "alive_at": staged.clock.now()}
        work.execute(update(ChangeRow).where(ChangeRow.number == staged.change).values(done))
        publish(work, result)
        staged.database.tell(work)
    return result


def _supersede(work: Work, staged: _Staged) -> None:
    """What others added of the same hashes since this began came before it."""
    since = work.execute(
        select(SignalRow.number, SignalRow.algorithm, SignalRow.value)
        .join(ChangeRow, ChangeRow.number == SignalRow.added_by)
        .where(
            ChangeRow.list_number == staged.to.number,
            ChangeRow.revision > staged.to.revision,
            is_live(),
        )
    )
    same = [number for number, kind, value in since if kind + value.hex() in staged.seen]
    if same:
        work.execute(
            update(SignalRow).where(SignalRow.number.in_(same)).values(withdrawn_by=staged.change)
        )


def _still_alive(work: Work, staged: _Staged) -> None:
    work.execute(
        update(ChangeRow)
        .where(ChangeRow.number == staged.change)
        .values(alive_at=staged.clock.now())
    )


def _remove(database: Database, change: int) -> None:
    """All that a change without a revision has written, a portion at a time."""
    for column, undo in (
        (SignalRow.withdrawn_by, update(SignalRow).values(withdrawn_by=None)),
        (SignalRow.added_by, delete(SignalRow)),
    ):
        while True:
            with database.work() as work:
                some = work.execute(
                    select(SignalRow.number).where(column == change).limit(ROWS_AT_A_TIME)
                ).scalars()
                numbers = list(some)
                if numbers:
                    work.execute(undo.where(SignalRow.number.in_(numbers)))
            if not numbers:
                break
            time.sleep(_PAUSE_S)
    with database.work() as work:
        work.execute(
            delete(ChangeRow).where(ChangeRow.number == change, ChangeRow.revision.is_(None))
        )


def _portions(signals: Iterable[Signal]) -> Iterator[list[Signal]]:
    each = iter(signals)
    while some := list(islice(each, ROWS_AT_A_TIME)):
        yield some
