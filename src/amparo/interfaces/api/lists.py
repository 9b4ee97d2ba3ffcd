"""Lists: made, shown, added to, withdrawn from, and followed by revision."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from amparo.app.change_lists import add_signals, create_list, read_feed, withdraw_signals
from amparo.app.feed_places import require_known_place
from amparo.core.errors import Invalid
from amparo.core.ids import SignalNumber
from amparo.detect.hashing.plug_ins import algorithm
from amparo.detect.lists.forms import read_value, shown
from amparo.detect.lists.model import (
    Contract,
    ListKind,
    NewList,
    Signal,
    SignalList,
    StoredSignal,
    Subject,
    checked_radii,
    checked_video_rules,
)
from amparo.detect.lists.store import Lists
from amparo.interfaces.calls.callers import KnownCaller, ListsReader, ListsWriter, Open
from amparo.wire.lists import (
    AddSignals,
    ChangeAnswer,
    ContractBody,
    FeedAnswer,
    ListAnswer,
    NewListBody,
    NewSignal,
    SignalAnswer,
    SignalsPage,
    VideoRuleBody,
    WithdrawSignals,
)

router = APIRouter(prefix="/v1", tags=["lists"], route_class=KnownCaller)

Named = Annotated[str, Path(max_length=100, pattern=r"^[^\x00]*$")]


@router.get("/lists")
def all_lists(serving: Open, actor: ListsReader) -> list[ListAnswer]:
    """The organisation's lists, by name."""
    with serving.database.reading() as work:
        return [_answer(each) for each in Lists(work).all(actor.organisation_id)]


@router.post("/lists", status_code=201)
def create(body: NewListBody, serving: Open, actor: ListsWriter) -> ListAnswer:
    """Make a list."""
    new = NewList(
        name=body.name,
        kind=ListKind(body.kind),
        subject=Subject(body.subject),
        radius_bits=body.radius_bits,
        minimum_quality=body.minimum_quality,
        contract=Contract(**body.contract.model_dump()),
        radii=checked_radii(body.radii),
        enabled_share=body.enabled_share,
        video_rules=checked_video_rules(
            [(each.query_percent, each.listed_percent) for each in body.video_rules]
        ),
    )
    return _answer(create_list(serving.database, new, actor, serving.clock))


@router.get("/lists/{name}")
def get(name: Named, serving: Open, actor: ListsReader) -> ListAnswer:
    """A list."""
    with serving.database.reading() as work:
        return _answer(Lists(work).get(actor.organisation_id, name))


@router.get("/lists/{name}/signals")
def signals(
    name: Named,
    serving: Open,
    actor: ListsReader,
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> SignalsPage:
    """The list's signals as it is now, by number."""
    with serving.database.reading() as work:
        store = Lists(work)
        found = store.live(store.get(actor.organisation_id, name), after=after, limit=limit + 1)
    shown = found[:limit]
    return SignalsPage(
        signals=[signal_answer(each) for each in shown],
        next=str(shown[-1].number) if len(found) > limit else None,
    )


@router.post(
    "/lists/{name}/signals",
    status_code=201,
    responses={202: {"model": ChangeAnswer, "description": "Waits for a second person"}},
)
def add(
    name: Named, body: AddSignals, serving: Open, actor: ListsWriter, response: Response
) -> ChangeAnswer:
    """Add signals as one change, replacing those of the same hash; to a negative list, propose it.

    A proposal holds once somebody else has confirmed it.
    """
    given = [
        serving.names.sealed(_signal(number, each)) for number, each in enumerate(body.signals)
    ]
    added = add_signals(serving.database, name, given, actor, serving.clock)
    if added.proposal is not None:
        response.status_code = 202
    return ChangeAnswer(
        revision=added.revision,
        proposal=None if added.proposal is None else str(added.proposal),
        signals=[str(each) for each in added.signals],
    )


@router.post("/lists/{name}/withdrawals", status_code=201)
def withdraw(name: Named, body: WithdrawSignals, serving: Open, actor: ListsWriter) -> ChangeAnswer:
    """Withdraw signals by their numbers, as one change."""
    numbers = list(dict.fromkeys(SignalNumber(int(each)) for each in body.signals))
    change = withdraw_signals(serving.database, name, numbers, actor, serving.clock)
    return ChangeAnswer(revision=change.revision, signals=[str(each) for each in numbers])


@router.get("/lists/{name}/changes")
def changes(
    name: Named,
    serving: Open,
    actor: ListsReader,
    after: Annotated[str, Query(pattern=r"^[0-9]{1,18}(\.[0-9]{1,18}\.[0-9]{1,18})?$")] = "0",
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> FeedAnswer:
    """What happened after a revision; `next` of an answer asks for what follows.

    409 `unknown_revision` where the list has not come so far: begin at 0.
    """
    require_known_place(serving.database, name, after, actor)
    page = read_feed(serving.database, name, after, limit, actor)
    return FeedAnswer(
        added=[signal_answer(each) for each in page.added],
        withdrawn=[str(each) for each in page.withdrawn],
        revision=page.revision,
        next=page.next,
        more=page.more,
    )


def _answer(one: SignalList) -> ListAnswer:
    return ListAnswer(
        id=str(one.id),
        name=one.name,
        kind=one.kind.value,
        subject=one.subject.value,
        radius_bits=one.radius_bits,
        minimum_quality=one.minimum_quality,
        contract=ContractBody(**asdict(one.contract)),
        revision=one.revision,
        radii=dict(one.radii),
        enabled_share=one.enabled_share,
        video_rules=tuple(VideoRuleBody(**asdict(each)) for each in one.video_rules),
    )


def signal_answer(one: StoredSignal) -> SignalAnswer:
    """A signal as it is told."""
    signal = one.signal
    return SignalAnswer(
        signal=str(one.number),
        id=signal.id,
        algorithm=signal.algorithm.value,
        value=shown(signal),
        quality=signal.quality,
        source=signal.source,
        labels=list(signal.labels),
        classification=signal.classification,
        confidence=signal.confidence,
        expires=signal.expires,
        enabled_share=signal.enabled_share,
        note=signal.note,
        not_before=one.not_before,
    )


def _signal(number: int, given: NewSignal) -> Signal:
    kind = algorithm(given.algorithm)
    try:
        value, text = read_value(kind, given.value)
    except Invalid as error:
        raise Invalid(f"signals.{number}.value {error.message}.") from error
    fields = given.model_dump(exclude={"algorithm", "value"})
    return Signal(algorithm=kind, value=value, text=text, **fields)
