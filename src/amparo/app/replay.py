"""What another policy would have made of the uploads on record."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from amparo.core.ids import OrganisationId
from amparo.db import Database
from amparo.detect.deciding import Action, Policy, decide
from amparo.detect.deciding.decide import FLOODED
from amparo.detect.deciding.model import facts_of
from amparo.detect.deciding.store import Decisions, RecordedDecision

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Changed:
    """A decision that would have been another."""

    recorded: RecordedDecision
    action: Action
    rules: tuple[str, ...]


@dataclass(slots=True)
class Replayed:
    """How many decisions were asked about, and how many would go from one action to another."""

    asked: int = 0
    moved: Counter[tuple[Action, Action]] = field(default_factory=Counter)


def replay(
    database: Database,
    organisation: OrganisationId,
    policy: Policy,
    *,
    last: int,
    tell: Callable[[Changed], None] = lambda _: None,
    advance: Callable[[int], None] = lambda _: None,
) -> Replayed:
    """Decide anew on the `last` uploads, the newest first; nothing is changed."""
    result = Replayed()
    for one in islice(_recorded(database, organisation), last):
        result.asked += 1
        advance(result.asked)
        facts = facts_of(one.facts)
        suspended = one.decision.restrained == FLOODED
        flooded = {match.signal for match in facts.matches} if suspended else set()
        decision = decide(facts, policy, flooded=flooded)
        result.moved[one.decision.action, decision.action] += 1
        if decision.action is not one.decision.action:
            tell(Changed(one, decision.action, decision.rules))
    return result


def _recorded(database: Database, organisation: OrganisationId) -> Iterator[RecordedDecision]:
    before: UUID | None = None
    while True:
        with database.reading() as work:
            page = Decisions(work).newest(organisation, limit=_PAGE, before=before)
        yield from page
        if len(page) < _PAGE:
            return
        before = page[-1].id
