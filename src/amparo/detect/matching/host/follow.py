"""Keep this host's index as the database's lists are: within moments, and from where it stopped."""

import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import structlog
from numpy.typing import NDArray

from amparo.access.installation import epoch
from amparo.core.errors import Unavailable
from amparo.db import Database
from amparo.db.dialects import Watch
from amparo.detect.hashing.model import Algorithm
from amparo.detect.index import Damaged, IndexWriter, Rows
from amparo.detect.index.phrases import PhraseWriter
from amparo.detect.lists.forms import index_kind, index_values
from amparo.detect.lists.model import Change, SignalList, StoredSignal
from amparo.detect.lists.store import Lists
from amparo.detect.matching.host.cards import Cards, HostList, Mark
from amparo.detect.matching.host.phrases import phrases_of

INDEX = "index"
PHRASES = "phrases"
LOOK_S = 1.0
"""How often it looks although nobody has told of a change."""

_REST_S = 0.03
"""Between two looks: on SQLite every upload that is decided wakes it."""

_TIDY_S = 1.0

ROWS_AT_A_TIME = 5000
ROWS_OF_A_SEGMENT = 50_000
"""So many that come at once are made into a segment of their own."""

_STOP_S = 0.1
"""So long it may take until a follower notices that it shall stop."""
_CHANGES_AT_A_TIME = 200
_LOADING = "loading"
_EPOCH = "epoch"

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Batch:
    """What some changes of a list come to, taken together."""

    added: dict[int, StoredSignal] = field(default_factory=dict)
    withdrawn: set[int] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.added) + len(self.withdrawn)


class Follower:
    """The only one on a host that writes its index; use it in a `with` block."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        rows_at_a_time: int = ROWS_AT_A_TIME,
        rows_of_a_segment: int = ROWS_OF_A_SEGMENT,
    ) -> None:
        """Raises Conflict where another follower is at work in `folder`."""
        self._portion = rows_at_a_time
        self._many = rows_of_a_segment
        self._database = database
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._open()
        self._cards = Cards(folder, writing=True)
        self._seen: object = None
        self._deaf = False
        self._loaded = max(
            (each.mark.generation for each in self._cards.lists().values()), default=0
        )
        self._settle()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._index.close()
        self._cards.close()

    def run(self, stop: threading.Event, announce: Callable[[], None] = lambda: None) -> None:
        """Follow until `stop`; while the database is away, the index stays as it is.

        `announce` is called each time everything has been followed.
        """
        next_look = next_tidy = 0.0
        failing = ""
        with self._database.watch() as watch:
            while not stop.is_set():
                try:
                    if not self._is_told(watch, stop) and time.monotonic() < next_look:
                        continue
                    next_look = time.monotonic() + LOOK_S
                    if failing:
                        self._reopen()
                    self.step()
                    if time.monotonic() > next_tidy:
                        self._database.tidy()
                        next_tidy = time.monotonic() + _TIDY_S
                except Exception as error:  # noqa: BLE001 (it must outlive whatever happens)
                    if failing != repr(error):
                        _log.error("The index cannot be brought up to date.", exc_info=error)
                    failing = repr(error)
                    stop.wait(LOOK_S)
                else:
                    failing = ""
                    announce()
                    stop.wait(_REST_S)

    def _is_told(self, watch: Watch, stop: threading.Event) -> bool:
        """Whether somebody told of a change, or it is time to look since nobody can tell."""
        try:
            told = watch.wait(_STOP_S)
        except Unavailable as error:
            if not self._deaf:
                _log.warning("Nothing tells of changes; looked every second.", exc_info=error)
            self._deaf = True
            stop.wait(LOOK_S)
            return True
        self._deaf = False
        return told

    def step(self) -> None:
        """Apply everything that happened until now. Raises Unavailable."""
        with self._database.glancing() as work:
            state = (epoch(work), Lists(work).unread())
        if state != self._seen:
            self._seen = None
            self._apply_all()
            self._seen = state

    def _apply_all(self) -> None:
        with self._database.reading() as work:
            store = Lists(work)
            known = dict(self._cards.lists())
            present = {each.number: each for each in store.all()}
            here = str(epoch(work))
            # After a restore, numbers and revisions may have been given again, for something else.
            if self._cards.state(_EPOCH) != here or _is_another_database(known, present):
                if known:
                    self._begin_anew("the database is another, or was restored from a backup")
                known = {}
                self._cards.put_state(_EPOCH, here)
            for each in present.values():
                before = known.get(each.number)
                if before is None and each.revision:
                    self._load(store, each)
                elif before is not None and before.revision < each.revision:
                    self._follow(store, each, before.revision)
            self._cards.put_lists(self._changed_settings(present.values()))

    def _load(self, store: Lists, of: SignalList) -> None:
        """A list of which this host holds nothing, as it is now."""
        self._cards.put_state(_LOADING, of.name)
        self._load_pages(_pages(lambda after: store.live(of, after=after, limit=self._portion)))
        self._cards.put_lists([HostList.of(of, of.revision, self._mark())])
        self._cards.put_state(_LOADING, "")

    def _mark(self) -> Mark:
        """What an index must have reached to have all that was applied until now."""
        state = self._index.state
        return Mark(state.manifest.identity, state.sequence, self._loaded)

    def _load_segment(self, signals: Iterable[StoredSignal]) -> None:
        self._index.load(_rows(signals))
        self._loaded = self._index.state.manifest.generation

    def _changed_settings(self, present: Iterable[SignalList]) -> list[HostList]:
        """Lists that are new here and empty, or of which more than the signals has changed."""
        known = self._cards.lists()
        new = []
        for each in present:
            before = known.get(each.number)
            mark = self._mark() if before is None else before.mark
            now = HostList.of(each, each.revision, mark)
            if before != now:
                new.append(now)
        return new

    def _load_pages(self, pages: Iterable[Sequence[StoredSignal]]) -> None:
        gathered: list[Sequence[StoredSignal]] = []
        for page in pages:
            self._cards.put_signals(page)
            gathered.append(page)
        signals = [signal for page in gathered for signal in page]
        self._phrases.add(phrases_of(signals), self._are_listed)
        if len(signals) >= self._many:
            self._load_segment(signals)
        elif signals:
            self._index.change(_rows(signals))

    def _follow(self, store: Lists, of: SignalList, revision: int) -> None:
        """What happened to a list since a revision, searchable portion by portion."""
        while revision < of.revision:
            batch = _Batch()
            for change in store.changes(of, after=revision, limit=_CHANGES_AT_A_TIME):
                self._gather(store, change, batch)
                revision = change.revision
                if len(batch) > self._portion:
                    break
            self._apply(batch)
            self._cards.put_lists([HostList.of(of, revision, self._mark())])

    def _gather(self, store: Lists, change: Change, batch: _Batch) -> None:
        gone = _pages_of_numbers(
            lambda after: store.withdrawn(change, after=after, limit=self._portion)
        )
        for number in gone:
            batch.added.pop(number, None)
            batch.withdrawn.add(number)
        for page in _pages(lambda after: store.added(change, after=after, limit=self._portion)):
            for signal in page:
                batch.added[signal.number] = signal

    def _apply(self, batch: _Batch) -> None:
        """Applied twice it does what it does once, since a crash can come between two steps."""
        added = list(batch.added.values())
        self._cards.put_signals(added)
        self._phrases.add(phrases_of(added), self._are_listed)
        numbers = np.array(sorted(batch.withdrawn | batch.added.keys()), np.uint64)
        if len(added) >= self._many:
            self._index.change({}, numbers)
            self._cards.put_state(_LOADING, "a change")
            self._load_segment(added)
            self._cards.put_state(_LOADING, "")
        else:
            self._index.change(_rows(added), numbers)
        self._cards.remove_signals(batch.withdrawn)

    def _are_listed(self, digests: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Of which phrases there is a signal: others are no longer looked for."""
        listed = np.zeros(len(digests), np.bool_)
        listed[self._index.equal(Algorithm.KEYWORD.value, digests).queries] = True
        return listed

    def _reopen(self) -> None:
        """After a failure: an index that the disk has failed is closed, and opened as it is now."""
        self._seen = None
        self._index.close()
        self._open()
        self._settle()

    def _open(self) -> None:
        """What is there; of what is damaged nothing is kept, since the database has it all."""
        try:
            self._open_as_it_is()
        except Damaged as error:
            _log.error("The index is damaged, and is removed: look at the disk.", exc_info=error)
            for name in (INDEX, PHRASES):
                shutil.rmtree(self._folder / name, ignore_errors=True)
            self._open_as_it_is()

    def _open_as_it_is(self) -> None:
        self._index = IndexWriter(self._folder / INDEX)
        try:
            self._phrases = PhraseWriter(self._folder / PHRASES)
        except BaseException:
            self._index.close()
            raise

    def _settle(self) -> None:
        """Begin anew where what was opened is not what was written."""
        if self._cards.state(_LOADING):
            self._begin_anew("a list was loaded by half")
        if self._cards.state(PHRASES) not in ("", self._phrases.identity):
            self._begin_anew("its words are others")
        self._cards.put_state(PHRASES, self._phrases.identity)

    def _begin_anew(self, why: str) -> None:
        """With an empty index; whoever reads goes over to it."""
        _log.warning("The index is built anew.", why=why)
        self._cards.clear()
        self._index.close()
        shutil.rmtree(self._folder / INDEX)
        shutil.rmtree(self._folder / PHRASES)
        self._phrases = PhraseWriter(self._folder / PHRASES)
        self._cards.put_state(PHRASES, self._phrases.identity)
        self._index = IndexWriter(self._folder / INDEX)
        self._loaded = 0


def _is_another_database(known: dict[int, HostList], present: dict[int, SignalList]) -> bool:
    return any(
        number not in present
        or present[number].id != each.id
        or present[number].revision < each.revision
        for number, each in known.items()
    )


def _rows(signals: Iterable[StoredSignal]) -> dict[str, Rows]:
    """Signals as the index takes them, by kind."""
    by_kind: dict[str, list[StoredSignal]] = {}
    for signal in signals:
        by_kind.setdefault(index_kind(signal.signal.algorithm), []).append(signal)
    return {kind: _of_one_kind(some) for kind, some in by_kind.items()}


def _of_one_kind(some: Sequence[StoredSignal]) -> Rows:
    numbers = np.array([each.number for each in some], np.uint64)
    lists = np.array([each.list_number for each in some], np.uint32)
    values, counts = index_values([each.signal for each in some])
    return Rows(values, np.repeat(numbers, counts), np.repeat(lists, counts))


def _pages(
    ask: Callable[[int], Sequence[StoredSignal]],
) -> Iterator[Sequence[StoredSignal]]:
    after = 0
    while page := ask(after):
        yield page
        after = page[-1].number


def _pages_of_numbers(ask: Callable[[int], Sequence[int]]) -> Iterator[int]:
    after = 0
    while page := ask(after):
        yield from page
        after = page[-1]
