"""Changes of lists as their callers make them: on record, in the audit trail, told to all hosts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from amparo.access.audit import record
from amparo.access.model import Actor
from amparo.access.solo import give_notice
from amparo.access.two_people import Agreement, agreement
from amparo.core.clock import Clock
from amparo.core.ids import SignalNumber
from amparo.db import Database, Work
from amparo.detect.deciding import flood
from amparo.detect.lists.bulk_import import Imported, import_signals
from amparo.detect.lists.model import (
    Change,
    ListKind,
    NewList,
    Signal,
    SignalList,
    StoredSignal,
)
from amparo.detect.lists.named import numbers_of
from amparo.detect.lists.proposals import confirm, propose, proposer, refuse, stand_by
from amparo.detect.lists.store import Lists


def create_list(database: Database, new: NewList, actor: Actor, clock: Clock) -> SignalList:
    """Make a list. Raises Conflict where there is one of that name."""
    now = clock.now()
    with database.work() as work:
        made = Lists(work).create(new, actor.organisation_id, now)
        record(
            work, actor.organisation_id, actor=actor.name, action="lists.create",
            subject=f"list:{made.id}", now=now, detail={"name": made.name, "kind": made.kind.value},
        )  # fmt: skip
        database.tell(work)
    return made


@dataclass(frozen=True, slots=True)
class Added:
    """Signals that are on record: with a revision, or as a proposal that waits."""

    signals: tuple[SignalNumber, ...]
    revision: int | None = None
    proposal: int | None = None


def add_signals(
    database: Database, name: str, signals: Sequence[Signal], actor: Actor, clock: Clock
) -> Added:
    """Add signals as one change; to a negative list, propose them. Raises NotFound, Invalid."""
    now = clock.now()
    with database.work() as work:
        to = Lists(work).get(actor.organisation_id, name)
        if to.kind is ListKind.NEGATIVE:
            proposal, numbers = propose(work, to, signals, actor=actor.name, now=now)
            _record_change(work, actor, "lists.propose", to, numbers, clock, proposal=proposal)
            _tell_second_address(work, to, proposal, len(numbers), actor, clock)
            return Added(numbers, proposal=proposal)
        change, numbers = Lists(work).add(to, signals, actor=actor.name, now=now)
        _record_change(work, actor, "lists.add", to, numbers, clock, revision=change.revision)
        database.tell(work)
    return Added(numbers, revision=change.revision)


def confirm_proposal(
    database: Database, name: str, proposal: int, actor: Actor, clock: Clock
) -> Change | None:
    """Have what somebody else proposed hold; in solo mode, after the delay.

    None where what a key or a shell proposed has one person now who stands by it, and wants a
    second. Raises NotFound, Denied.
    """
    now = clock.now()
    with database.work() as work:
        of = Lists(work).get(actor.organisation_id, name)
        by = proposer(work, of, proposal)
        agreed = agreement(work, actor, by, _subject(proposal), now)
        if agreed is Agreement.FIRST:
            stand_by(work, of, proposal, actor=actor.name)
            _record_change(
                work, actor, "lists.stand_by", of, (), clock, proposal=proposal, proposed_by=by
            )
            return None
        change = confirm(work, of, proposal, actor=actor.name)
        _record_change(
            work, actor, "lists.confirm", of, (), clock, proposal=proposal,
            revision=change.revision, proposed_by=by, one_person=agreed is Agreement.ALONE,
        )  # fmt: skip
        database.tell(work)
    return change


def refuse_proposal(
    database: Database, name: str, proposal: int, actor: Actor, clock: Clock
) -> None:
    """Remove what was proposed. Raises NotFound."""
    with database.work() as work:
        of = Lists(work).get(actor.organisation_id, name)
        refuse(work, of, proposal)
        _record_change(work, actor, "lists.refuse", of, (), clock, proposal=proposal)


def withdraw_signals(
    database: Database, name: str, numbers: Sequence[SignalNumber], actor: Actor, clock: Clock
) -> Change:
    """Withdraw signals as one change. Raises NotFound where list or signal is not there."""
    with database.work() as work:
        of = Lists(work).get(actor.organisation_id, name)
        change = _withdraw(work, of, numbers, actor, clock)
        database.tell(work)
    return change


def withdraw_named(
    database: Database, name: str, given: Sequence[str], actor: Actor, clock: Clock
) -> tuple[Change, tuple[SignalNumber, ...]]:
    """The same by numbers or by the ids that the list gives its signals; the numbers too.

    Raises NotFound, and Conflict where several signals have an id.
    """
    with database.work() as work:
        of = Lists(work).get(actor.organisation_id, name)
        numbers = numbers_of(work, of, given)
        change = _withdraw(work, of, numbers, actor, clock)
        database.tell(work)
    return change, numbers


def import_into(
    database: Database,
    name: str,
    signals: Iterable[Signal],
    actor: Actor,
    clock: Clock,
    *,
    only_these: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> Imported:
    """Very many signals as one change; see `import_signals`. Raises NotFound."""
    with database.reading() as work:
        to = Lists(work).get(actor.organisation_id, name)

    def publish(work: Work, result: Imported) -> None:
        record(
            work, actor.organisation_id, actor=actor.name, action="lists.import",
            subject=f"list:{to.id}", now=clock.now(), detail=dict(asdict(result)),
        )  # fmt: skip
        if result.proposal is not None:
            count = result.added + result.replaced
            _tell_second_address(work, to, result.proposal, count, actor, clock)

    return import_signals(
        database, to, signals, actor=actor.name, clock=clock,
        only_these=only_these, advance=advance, publish=publish,
    )  # fmt: skip


def end_flood(database: Database, signal: int, actor: Actor, clock: Clock) -> None:
    """Let a signal have its consequences again. Raises NotFound where it is in no flood."""
    now = clock.now()
    with database.work() as work:
        flood.end(work, signal, actor.organisation_id, actor=actor.name, now=now)
        record(
            work, actor.organisation_id, actor=actor.name, action="signals.resume",
            subject=f"signal:{signal}", now=now,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class FeedPage:
    """Part of what happened to a list; `next` is where to go on."""

    added: tuple[StoredSignal, ...]
    withdrawn: tuple[SignalNumber, ...]
    revision: int
    next: str
    more: bool


def read_feed(database: Database, name: str, after: str, limit: int, actor: Actor) -> FeedPage:
    """What happened after a place in the feed: a revision, or a place within a long change.

    Within a change, what was withdrawn comes before what was added. Raises NotFound.
    """
    revision, withdrawn_to, added_to = _place(after)
    with database.reading() as work:
        store = Lists(work)
        of = store.get(actor.organisation_id, name)
        changes = store.changes(of, after=revision, limit=1)
        if not changes:
            return FeedPage((), (), revision, str(revision), more=False)
        change = changes[0]
        withdrawn = store.withdrawn(change, after=withdrawn_to, limit=limit)
        room = limit - len(withdrawn)
        added = store.added(change, after=added_to, limit=room + 1) if room else ()
    shown = added[:room]
    if room and len(added) <= room:
        return FeedPage(
            shown, withdrawn, change.revision, str(change.revision), change.revision < of.revision
        )
    withdrawn_to = withdrawn[-1] if withdrawn else withdrawn_to
    added_to = shown[-1].number if shown else added_to
    return FeedPage(shown, withdrawn, revision, f"{revision}.{withdrawn_to}.{added_to}", more=True)


def _withdraw(
    work: Work, of: SignalList, numbers: Sequence[SignalNumber], actor: Actor, clock: Clock
) -> Change:
    change = Lists(work).withdraw(of, numbers, actor=actor.name, now=clock.now())
    _record_change(work, actor, "lists.withdraw", of, numbers, clock, revision=change.revision)
    return change


def _subject(proposal: int) -> str:
    return f"proposal:{proposal}"


def _tell_second_address(
    work: Work, to: SignalList, proposal: int, count: int, actor: Actor, clock: Clock
) -> None:
    """Where one person decides, another address of theirs hears of it."""
    said = (
        f"{actor.name} proposes {count} entries for the list {to.name!r} of known harmless content "
        f"(proposal {proposal}). They will hold once the same person confirms them after the "
        f"delay. Refuse them if this was not you: amparo lists refuse {to.name} {proposal}\n"
    )
    give_notice(work, actor.organisation_id, _subject(proposal), said, clock.now())


def _place(after: str) -> tuple[int, int, int]:
    parts = [int(part) for part in after.split(".")]
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else (parts[0], 0, 0)


def _record_change(
    work: Work,
    actor: Actor,
    action: str,
    of: SignalList,
    numbers: Sequence[SignalNumber],
    clock: Clock,
    **others: object,
) -> None:
    signals: dict[str, object] = {"signals": [str(each) for each in numbers[:100]],
                                  "count": len(numbers)} if numbers else {}  # fmt: skip
    record(
        work, actor.organisation_id, actor=actor.name, action=action, subject=f"list:{of.id}",
        now=clock.now(), detail=others | signals,
    )  # fmt: skip
