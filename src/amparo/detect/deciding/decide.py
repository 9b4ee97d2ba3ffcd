"""What the policy makes of an upload, within the rules that hold whatever a policy says."""

from collections.abc import Collection, Sequence

from amparo.core.errors import Invalid
from amparo.detect.deciding.conditions import seen_of
from amparo.detect.deciding.model import Action, Decision, Facts
from amparo.detect.deciding.policy import Policy, Rule
from amparo.detect.hashing.model import WRITTEN, Algorithm
from amparo.detect.media.model import Kind

REVIEW_QUEUE = "review"
SEARCH = "search"
"""The surface of what people search for."""

FLOODED = "The flood guard has suspended the consequences of this signal."
"""What restrained a decision where every signal that could act is in a flood."""

WORDS_ALONE = "Words, names and places of links are put to people; they tell of no content."

_WRITTEN = frozenset(each.value for each in WRITTEN)
_WORDS = _WRITTEN - {Algorithm.URL.value}
_CONFIRMED = "confirmed"
_CHILD = "child"


def decide(facts: Facts, policy: Policy, *, flooded: Collection[str] = ()) -> Decision:
    """The first rule that applies decides; those before it that go on add to it.

    A rule that cannot be answered for this upload is passed over, and people look at the upload:
    what it would have said is not known.
    `flooded` are signals that suddenly match far more than ever before: what they say is put to
    people and has no other consequence.
    Where a machine may not do what a rule asks for, the upload waits where people look at all the
    rest: a rule's own queue is meant for what it asked for, and may be one without media.
    """
    applied, broken = _applied(facts, policy)
    least = Action.REVIEW if broken else Action.ALLOW
    wanted = max((least, *(rule.action for rule in applied)), key=lambda one: one.strictness)
    allowed, restrained = _strictest_allowed(facts, flooded)
    given = min(wanted, allowed, key=lambda one: one.strictness)
    is_restrained = given is not wanted
    return Decision(
        action=given,
        queue=REVIEW_QUEUE if is_restrained else _queue(applied, given),
        priority=max((rule.priority for rule in applied), default=0),
        labels=_once(label for rule in applied for label in rule.labels),
        notify=_once(name for rule in applied for name in rule.notify),
        rules=tuple(rule.id for rule in applied),
        restrained=restrained if is_restrained else "",
        broken=tuple(broken),
        keep=_once(what for rule in applied for what in rule.keep),
        message=next((rule.message for rule in reversed(applied) if rule.message), ""),
        blur=max((rule.blur for rule in applied), default=0),
    )


def _applied(facts: Facts, policy: Policy) -> tuple[list[Rule], list[str]]:
    """The rules that apply, and the ids of those that cannot be answered."""
    seen = seen_of(facts)
    applied: list[Rule] = []
    broken = []
    for rule in policy.rules:
        try:
            holds = rule.condition.holds(seen)
        except Invalid:
            broken.append(rule.id)
            continue
        if holds:
            applied.append(rule)
            if not rule.goes_on:
                break
    return applied, broken


def _queue(applied: Sequence[Rule], given: Action) -> str:
    """The last that one of the rules names."""
    named = next((rule.queue for rule in reversed(applied) if rule.queue), "")
    return named or ("" if given is Action.ALLOW else REVIEW_QUEUE)


def _strictest_allowed(facts: Facts, flooded: Collection[str]) -> tuple[Action, str]:
    """How strict a machine may be with this file, and why not stricter.

    An exact digest on a confirmed list may be blocked, a perceptual match with one held, and so may
    what a list elsewhere says, which nobody here has verified; suspect
    and adult lists, notices and scores only order people's work.

    What people write is weaker: a link on a confirmed list tells what it leads to, and may be held;
    that a link lies below a listed place, that a name or a word is listed, tells of no content, and
    people use words to ask for help, to report and to mourn. A search alone may be blocked by such:
    nothing of anybody's is taken down or reported, and who searched is shown help in its place.
    """
    acting = [
        match
        for match in facts.matches
        if match.list_kind == _CONFIRMED and match.subject == _CHILD
    ]
    calm = [match for match in acting if match.signal not in flooded]
    if any(match.exact and not match.remote for match in calm):
        return Action.BLOCK, ""
    if calm and is_search(facts):
        return Action.BLOCK, ""
    if any(match.exact for match in calm):
        return Action.HOLD, "What a list elsewhere says is held; only a person can make more of it."
    if calm and all(match.algorithm in _WORDS for match in calm):
        return Action.REVIEW, WORDS_ALONE
    if calm and all(match.algorithm in _WRITTEN for match in calm):
        return Action.HOLD, "A link is held; only a person can make more of it."
    if calm:
        return Action.HOLD, "A perceptual match is held; only a person can make more of it."
    if acting:
        return Action.REVIEW, FLOODED
    return Action.REVIEW, "Only a match with a confirmed list may be held without a person."


def is_search(facts: Facts) -> bool:
    """Whether it is what somebody searches for, and nothing that anybody posts or keeps."""
    return (
        facts.context.surface == SEARCH
        and facts.media.type == Kind.TEXT.value
        and all(match.algorithm in _WRITTEN for match in facts.matches)
    )


def _once(names: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))  # type: ignore[call-overload]
