"""A look-back as an operator asks for it: signals from the database, finds on record, one entry.

A find is never acted upon: it is for people, whom a later step gives it as a case.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from amparo.access.audit import record
from amparo.access.model import Actor
from amparo.app.bulk_scan import prepare
from amparo.app.lawful import require_lawful
from amparo.core.clock import Clock
from amparo.core.errors import Invalid
from amparo.core.ids import new_id
from amparo.core.settings import Settings
from amparo.db import Database, Work
from amparo.db.outbox import put
from amparo.detect.bulk.candidates import Candidate, candidates_of, portions
from amparo.detect.bulk.catalogue import Catalogue
from amparo.detect.bulk.each import Crew, Runner, each
from amparo.detect.bulk.hidden import Hidden, gather_hidden
from amparo.detect.bulk.lock import is_scanned
from amparo.detect.bulk.lookback import (
    Harmless,
    finds,
    listed,
    marks_after,
    marks_that_hold,
    pieces,
    shares,
)
from amparo.detect.bulk.parts import generation_of
from amparo.detect.bulk.place import place_of
from amparo.detect.bulk.replaced import Replaced
from amparo.detect.bulk.search import Searcher
from amparo.detect.bulk.signals import Signals, cards, gather_signals
from amparo.detect.bulk.store import CatalogueId, Find, Lookbacks, Mark
from amparo.detect.hashing.model import OWN
from amparo.detect.lists.model import ListKind, SignalList, StoredSignal
from amparo.detect.lists.store import Lists
from amparo.detect.matching.host.cards import HostList
from amparo.detect.matching.host.cards import Mark as HostMark

LOOKED_BACK = "bulk.lookback"
"""The kind of outbox row that a look-back leaves where it was the first to find something."""

_OWN = frozenset(algorithm.value for algorithm in OWN)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator asked for; `since` None goes on where the last look-back ended."""

    catalogue: str
    since: int | None = None
    lists: tuple[str, ...] = ()
    runner: Runner = Runner.LOCAL
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """A find as it is told, and whether it is the first time."""

    find: Find
    list_name: str
    is_new: bool


@dataclass(slots=True)
class LookedBack:
    """How far a look-back went: revisions by list, and how much was found."""

    revisions: dict[str, int] = field(default_factory=dict)
    found: int = 0
    new: int = 0


@dataclass(frozen=True, slots=True)
class _State:
    """The lists and signals of one moment; `marks` are those that hold.

    Lists are searched `anew` in whole where something may show that was hidden the last time.
    """

    searched: Sequence[SignalList]
    lists: Mapping[int, HostList]
    harmless: Harmless
    marks: Mapping[int, Mark]
    asked: Mapping[int, Mark]
    hidden: Mapping[int, Hidden]
    anew: Sequence[str]


def look_back(
    asked: Asked,
    settings: Settings,
    database: Database,
    actor: Actor,
    clock: Clock,
    *,
    show: Callable[[Shown], None],
    announce: Callable[[str], None],
    advance: Callable[[float], None],
) -> LookedBack:
    """Search the catalogue, put finds on record and `show` them; how far it went.

    Raises NotFound, Invalid, Conflict, Denied, Unavailable; what was found is on record then, and
    the same look-back finds the rest.
    """
    catalogue = Catalogue.open(place_of(asked.catalogue))
    sizes, closed = listed(catalogue)
    last = max(map(generation_of, sizes), default=0)
    if not sizes:
        announce(_empty(catalogue.place.url, at_work=is_scanned(catalogue.place)))
    run, now = new_id(), clock.now()
    with database.reading() as work:
        require_lawful(work, catalogue.surface, actor.organisation_id)
        state = _state(Lists(work), asked, Lookbacks(work, actor.organisation_id, _id(catalogue)),
                       work, actor, now)  # fmt: skip
        plan = shares(state.asked, last)
        sets = [gather_signals(work, state.searched, share.after) for share in plan]
    _tell_left_out(sets, announce)
    if state.anew:
        announce(f"Searched in whole, as less is hidden than before: {', '.join(state.anew)}.")
    todo = [
        one
        for number, share in enumerate(plan)
        if len(sets[number])
        for one in pieces(sizes, share, number)
    ]
    replaced = Replaced(catalogue, list(sizes), by_unread=False) if todo else None
    result = LookedBack({each.name: each.revision for each in state.searched})
    crew = Crew(asked.runner, asked.workers, partial(prepare, settings))
    done = each(todo, partial(open_searcher, asked.catalogue, sets), crew) if todo else ()
    for number, data in enumerate(done, 1):
        candidates = (
            one for one in candidates_of(data) if replaced is None or not replaced.has(one)
        )
        for some in portions(candidates):
            for shown in _on_record(database, some, state, actor, _id(catalogue), run, now):
                show(shown)
                result.found += 1
                result.new += shown.is_new
        advance(number / len(todo))
    _end(database, state, actor, _id(catalogue), run, clock.now(), closed, result)
    return result


def _empty(url: str, *, at_work: bool) -> str:
    why = "a scan is at work, whose first part is yet to come" if at_work else "nothing was scanned"
    return f"The catalogue {url} is empty so far: {why}."


def _id(catalogue: Catalogue) -> CatalogueId:
    return CatalogueId(catalogue.id)


def _state(
    store: Lists, asked: Asked, looked: Lookbacks, work: Work, actor: Actor, now: datetime
) -> _State:
    """Raises NotFound, Invalid where a named list is a negative one."""
    every = store.all(actor.organisation_id)
    chosen = [store.get(actor.organisation_id, name) for name in asked.lists] or [
        one for one in every if one.kind is not ListKind.NEGATIVE
    ]
    for one in chosen:
        if one.kind is ListKind.NEGATIVE:
            raise Invalid(f"{one.name!r} is a negative list: what it names is not looked for.")
    negative = [one for one in every if one.kind is ListKind.NEGATIVE]
    hidden = gather_hidden(work, chosen, negative, now)
    known = looked.marks()
    marks = marks_that_hold(known, hidden, now)
    gone = known.keys() - marks.keys() if asked.since is None else set()
    return _State(
        searched=chosen,
        lists={one.number: HostList.of(one, one.revision, HostMark()) for one in every},
        harmless=Harmless(gather_signals(work, negative, {one.number: 0 for one in negative})),
        marks=marks,
        asked={one.number: _from(one, marks, asked.since) for one in chosen},
        hidden=hidden,
        anew=[one.name for one in chosen if one.number in gone],
    )


def _from(one: SignalList, marks: Mapping[int, Mark], since: int | None) -> Mark:
    """From where on a list is searched; a revision that was named holds for all generations."""
    if since is None:
        return marks.get(one.number, Mark())
    return Mark(since, 2**31 - 1)


def _tell_left_out(sets: Sequence[Signals], announce: Callable[[str], None]) -> None:
    others = sorted({name for signals in sets for name in signals.rows} - _OWN)
    if others:
        announce(f"Not looked for: signals of the plugged-in types {', '.join(others)}.")


def _on_record(
    database: Database,
    candidates: Sequence[Candidate],
    state: _State,
    actor: Actor,
    catalogue: CatalogueId,
    run: UUID,
    now: datetime,
) -> Iterator[Shown]:
    """What the candidates match, once it is on record."""
    harmless = [list(state.harmless.hits(one.asked())) for one in candidates]
    numbers = {signal for one in candidates for _, signal, _ in one.hits}
    numbers.update(signal for some in harmless for _, signal, _ in some)
    with database.work() as work:
        known: dict[int, StoredSignal] = {
            card.number: card for card in cards(work, sorted(numbers))
        }
        found = [
            find
            for one, some in zip(candidates, harmless, strict=True)
            for find in finds(one, some, known, state.lists, now)
        ]
        new = set(map(id, Lookbacks(work, actor.organisation_id, catalogue).add(found, run, now)))
    for find in found:
        yield Shown(find, state.lists[find.list_number].name, id(find) in new)


def _end(
    database: Database,
    state: _State,
    actor: Actor,
    catalogue: CatalogueId,
    run: UUID,
    now: datetime,
    closed: int,
    result: LookedBack,
) -> None:
    """Remember how far it went, leave an entry, and have cases made of what is new."""
    revisions = {one.number: one.revision for one in state.searched}
    marks = marks_after(state.asked, state.marks, revisions, state.hidden, closed)
    detail: dict[str, object] = {
        "run": str(run), "revisions": result.revisions, "found": result.found, "new": result.new,
    }  # fmt: skip
    with database.work() as work:
        Lookbacks(work, actor.organisation_id, catalogue).mark(marks, now)
        record(
            work, actor.organisation_id, actor=actor.name, action=LOOKED_BACK,
            subject=f"catalogue:{catalogue}", now=now, detail=detail,
        )  # fmt: skip
        if result.new:
            payload: dict[str, object] = {"catalogue": str(catalogue), "new": result.new}
            put(work, actor.organisation_id, LOOKED_BACK, run, payload, now)


@contextmanager
def open_searcher(catalogue: str, sets: Sequence[Signals]) -> Iterator[Callable[[bytes], bytes]]:
    """What a worker does with a piece."""
    yield Searcher(Catalogue.open(place_of(catalogue)), sets).search
