"""A condition that cannot be answered for some upload never lets it pass, and stops nothing."""

import pytest

from amparo.detect.deciding import Action, decide, read_policy
from tests.detect.deciding.test_decide import a_match, facts

ONLY_WITH_TWO = read_policy(
    """
policy: 1
rules:
  - id: breaks
    when: matches.size() < 2 || matches[5].exact
    action: allow
  - id: holds
    when: matches.exists(m, m.list_kind == "confirmed")
    action: hold
"""
)


def test_the_rules_behind_it_are_asked() -> None:
    decision = decide(facts(a_match(), a_match(signal="2")), ONLY_WITH_TWO)
    assert decision.broken == ("breaks",)
    assert decision.rules == ("holds",)
    assert decision.action is Action.HOLD


def test_people_look_where_no_other_rule_applies() -> None:
    suspects = (a_match(list_kind="suspect"), a_match(list_kind="suspect", signal="2"))
    decision = decide(facts(*suspects), ONLY_WITH_TWO)
    assert (decision.action, decision.queue) == (Action.REVIEW, "review")


def test_where_it_can_be_answered_it_is() -> None:
    decision = decide(facts(a_match()), ONLY_WITH_TWO)
    assert (decision.action, decision.broken) == (Action.ALLOW, ())


@pytest.mark.parametrize(
    "breaks",
    [
        "10 / (matches.size() - 2) > 1",
        "10 % (matches.size() - 2) > 1",
        "9223372036854775806 + matches.size() > 0",
        "matches[matches.size() * 2 - 1].exact",
        "int(matches[0].list + string(matches.size())) > 0",
    ],
)
def test_no_way_of_breaking_is_an_error_of_ours(breaks: str) -> None:
    rule = f"""
policy: 1
rules:
  - id: a
    when: matches.size() < 2 || {breaks}
    action: allow
"""
    decision = decide(facts(a_match(), a_match(signal="2")), read_policy(rule))
    assert decision.broken == ("a",)
