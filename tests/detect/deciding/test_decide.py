"""What a policy may do, and what it never may, whatever it says."""

import pytest

from amparo.detect.deciding import Action, Facts, MatchFacts, MediaFacts, decide, read_policy


def a_match(**others: object) -> MatchFacts:
    given = {
        "list": "known", "list_kind": "confirmed", "subject": "child", "signal": "1",
        "algorithm": "pdq", "exact": False, "distance": 3, "quality": 90,
        "variant": "original", "revision": 1,
    }  # fmt: skip
    return MatchFacts(**(given | others))


def facts(*matches: MatchFacts) -> Facts:
    return Facts(MediaFacts("image/jpeg", 1), matches)


def policy(*rules: str) -> object:
    return read_policy("policy: 1\nrules:\n" + "".join(f"  - {{{rule}}}\n" for rule in rules))


BLOCKS_ALL = policy("id: all, when: 'true', action: block")


@pytest.mark.parametrize(
    ("match", "strictest"),
    [
        (a_match(exact=True), Action.BLOCK),
        (a_match(), Action.HOLD),
        (a_match(list_kind="suspect", exact=True), Action.REVIEW),
        (a_match(list_kind="suspect"), Action.REVIEW),
        (a_match(subject="adult", exact=True), Action.REVIEW),
        (a_match(list_kind="negative"), Action.REVIEW),
        (None, Action.REVIEW),
    ],
)
def test_no_policy_is_stricter_than_a_machine_may_be(
    match: MatchFacts | None, strictest: Action
) -> None:
    decision = decide(facts(*([match] if match else [])), BLOCKS_ALL)
    assert decision.action is strictest
    assert bool(decision.restrained) == (strictest is not Action.BLOCK)


def test_a_flooded_signal_has_no_consequence_but_for_people() -> None:
    flooded = decide(facts(a_match(exact=True)), BLOCKS_ALL, flooded={"1"})
    assert flooded.action is Action.REVIEW
    assert "flood guard" in flooded.restrained
    other = facts(a_match(exact=True), a_match(signal="2"))
    assert decide(other, BLOCKS_ALL, flooded={"1"}).action is Action.HOLD


def test_the_first_rule_that_applies_decides() -> None:
    rules = policy(
        "id: never, when: 'false', action: block",
        "id: first, when: 'true', action: review, queue: q, labels: [x]",
        "id: second, when: 'true', action: hold",
    )
    decision = decide(facts(a_match()), rules)
    assert (decision.action, decision.rules, decision.queue) == (Action.REVIEW, ("first",), "q")


def test_rules_that_go_on_add_up() -> None:
    rules = policy(
        "id: one, when: 'true', action: hold, priority: 20, labels: [x, y], then: go-on",
        "id: two, when: 'true', action: review, priority: 10, labels: [y, z], notify: [n], "
        "queue: q",
        "id: three, when: 'true', action: block",
    )
    decision = decide(facts(a_match(exact=True)), rules)
    assert decision.action is Action.HOLD
    assert decision.rules == ("one", "two")
    assert (decision.labels, decision.priority) == (("x", "y", "z"), 20)
    assert (decision.queue, decision.notify) == ("q", ("n",))


def test_where_no_rule_applies_it_is_allowed() -> None:
    assert decide(facts(a_match()), policy("id: a, when: 'false', action: hold")).rules == ()
