"""How this host's index stands: for load balancers, and by signal type."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse

from amparo.access.model import Actor
from amparo.app.readiness import readiness
from amparo.app.serving import Serving
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.contents import changed_at, counts
from amparo.detect.lists.store import Lists
from amparo.interfaces.calls.callers import ListsReader, MatchesReader, Open
from amparo.interfaces.hma.route import KeyedCall
from amparo.interfaces.hma.signal_types import SIGNAL_TYPES, algorithm_of

open_to_all = APIRouter()
router = APIRouter(route_class=KeyedCall)

STALE_AFTER = timedelta(seconds=65)
"""For so long the index may lag; a change takes moments, so that more means that it stands."""

Limited = Annotated[str | None, Query(max_length=100)]


class Freshness:
    """Since when the index has been seen to lag."""

    def __init__(self) -> None:
        self._since: datetime | None = None

    def is_fresh(self, lag: int | None, now: datetime) -> bool:
        """`lag` is None where nobody knows, since the database is away."""
        if lag == 0:
            self._since = None
            return True
        if self._since is None or now < self._since:
            self._since = now
        return now - self._since <= STALE_AFTER


@open_to_all.get("/status", response_class=PlainTextResponse)
def status(request: Request, serving: Open) -> PlainTextResponse:
    """Whether look-ups may be sent here."""
    state = readiness(serving)
    freshness = request.app.state.freshness
    assert isinstance(freshness, Freshness)
    if not state.ready:
        return PlainTextResponse("INDEX-NOT-READY", 503)
    if not freshness.is_fresh(state.lag, serving.clock.now()):
        return PlainTextResponse("INDEX-STALE", 503)
    return PlainTextResponse("I-AM-ALIVE")


@router.get("/m/index/status")
def index_status(
    serving: Open, actor: MatchesReader, signal_type: Limited = None
) -> dict[str, Any]:
    """What is searched on this host of the organisation's lists, by signal type."""
    state = _state(serving, actor)
    return {
        name: {
            "present": bool(state.here[algorithm.value]),
            "built_to": state.built_to if state.here[algorithm.value] else -1,
            "size": state.here[algorithm.value],
        }
        for name, algorithm in _wanted(signal_type).items()
    }


@router.get("/c/signal_type/index")
def signal_type_index(
    serving: Open, actor: ListsReader, signal_type: Limited = None
) -> dict[str, Any]:
    """What is on record, and what of it is searched on this host."""
    state = _state(serving, actor)
    return {
        name: {
            "db_size": state.there[algorithm.value],
            "index_size": state.here[algorithm.value],
            "index_out_of_date": state.lag > 0,
            "newest_db_item": state.newest if state.there[algorithm.value] else -1,
            "index_built_to": state.built_to if state.here[algorithm.value] else -1,
        }
        for name, algorithm in _wanted(signal_type).items()
    }


@dataclass(slots=True)
class _State:
    """Signals by algorithm on record and on this host, each up to a time, which differ by `lag`."""

    there: Counter[str] = field(default_factory=Counter)
    here: Counter[str] = field(default_factory=Counter)
    newest: int = -1
    built_to: int = -1
    lag: int = 0


def _wanted(signal_type: str | None) -> dict[str, Algorithm]:
    """All signal types, or the one. Raises Invalid."""
    return SIGNAL_TYPES if signal_type is None else {signal_type: algorithm_of(signal_type)}


def _state(serving: Serving, actor: Actor) -> _State:
    known = serving.index.lists(actor.organisation_id)
    state = _State()
    with serving.database.reading() as work:
        for each in Lists(work).all(actor.organisation_id):
            there, here = each.revision, known[each.number].revision if each.number in known else 0
            of_all = counts(work, each, there)
            state.there.update(of_all)
            state.here.update(of_all if here >= there else counts(work, each, here))
            state.newest = max(state.newest, _seconds(changed_at(work, each, there)))
            state.built_to = max(state.built_to, _seconds(changed_at(work, each, min(here, there))))
            state.lag += max(0, there - here)
    return state


def _seconds(moment: datetime | None) -> int:
    return -1 if moment is None else int(moment.timestamp())
