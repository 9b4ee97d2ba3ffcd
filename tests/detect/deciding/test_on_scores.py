"""A score orders work: a rule that asks for more is refused, and no decision gives more."""

import pytest

from amparo.detect.deciding import (
    DEFAULT_POLICY,
    Action,
    Facts,
    MatchFacts,
    MediaFacts,
    read_policy,
)
from amparo.detect.deciding import decide as decide_on
from amparo.detect.deciding.on_scores import rests_on_scores, score_names
from amparo.detect.deciding.policy import BadPolicy, checked_policy

RULE = "policy: 1\nrules:\n  - id: a\n    when: {}\n    action: {}\n"
MATCH = 'matches.exists(m, m.list_kind == "confirmed")'
SCORE = '("x" in scores && scores["x"] > 0.9)'


@pytest.mark.parametrize(
    "condition",
    [
        SCORE,
        f"!({SCORE})",
        '"x" in scores && scores.x > 0.9',
        "scores.size() > 0",
        f"{SCORE} && matches.size() == 0",
        f"{SCORE} && matches.size() >= 0",
        f"{SCORE} && !{MATCH}",
        f"{SCORE} && !({MATCH})",
        f"{SCORE} && {MATCH} == false",
        f"{SCORE} || {MATCH}",
        f"({MATCH} || media.frames > 1) && {SCORE}",
        f"{MATCH} ? {SCORE} : true",
        f"{SCORE} && matches.all(m, m.exact)",
        f"{SCORE} && ({MATCH} ? true : true)",
        f'{SCORE} && media.type == "matches.exists(m, m.exact)"',
    ],
)
@pytest.mark.parametrize("action", ["hold", "block"])
def test_what_rests_on_a_score_may_not_be_held(condition: str, action: str) -> None:
    text = RULE.format(f"'{condition}'", action)
    read_policy(text)  # what was saved before can still be read
    with pytest.raises(BadPolicy, match="a score only ever orders people's work"):
        checked_policy(text)


@pytest.mark.parametrize(
    "condition",
    [
        MATCH,
        f"{MATCH} && {SCORE}",
        f"{SCORE} && {MATCH}",
        f"({SCORE} || media.frames > 1) && ({MATCH})",
        f"({MATCH} && {SCORE}) || ({MATCH} && media.frames > 1)",
        f"{SCORE} && matches.size() > 0",
        f"{SCORE} && size(matches) >= 1",
        f"{SCORE} && matches.exists_one(m, m.exact)",
        "media.frames > 100",
        'media.type == "scores"',
    ],
)
def test_what_rests_on_a_match_may_be(condition: str) -> None:
    checked_policy(RULE.format(f"'{condition}'", "hold"))
    checked_policy(RULE.format(f"'{condition}'", "block"))


@pytest.mark.parametrize("action", ["allow", "review"])
def test_a_score_may_have_people_look(action: str) -> None:
    checked_policy(RULE.format(f"'{SCORE}'", action))


def complaint(when: str) -> list[str]:
    with pytest.raises(BadPolicy) as caught:
        checked_policy(RULE.format(when, "block"), "p.yaml")
    return caught.value.message.splitlines()


def test_the_place_is_shown_with_a_caret() -> None:
    said, shown, caret = complaint(f"'media.frames > 1 && {SCORE}'")
    assert said == (
        "p.yaml, line 4, column 40: the rule 'a' asks for block because of a score, and a score "
        "only ever orders people's work: without a match nothing is held or blocked; say "
        "`matches.exists(…) && …`, or `action: review` and a `priority`."
    )
    assert shown[len(caret) - 1 :].startswith("scores")


def test_the_place_is_shown_in_a_folded_condition_too() -> None:
    said, shown, caret = complaint(f">-\n      media.frames > 1 &&\n      {SCORE}")
    assert said.startswith("p.yaml, line 6, column 15: ")
    assert shown[len(caret) - 1 :].startswith("scores")


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ('scores["a"] > 0.5', {"a"}),
        ("'b' in scores && scores.c > 0.5", {"b", "c"}),
        ("scores.size() > 0", set()),
        ('media.type == "scores"', set()),
        ('has(scores.d) && scores["a"] > 0.1', {"a", "d"}),
    ],
)
def test_the_scores_that_a_condition_names(condition: str, names: set[str]) -> None:
    assert score_names(condition) == names


def test_the_default_policy_asks_for_no_score() -> None:
    rules = checked_policy(DEFAULT_POLICY).rules
    assert not any(rests_on_scores(rule.condition.text) for rule in rules)


@pytest.mark.parametrize("action", ["hold", "block"])
def test_a_score_never_holds_whatever_a_policy_says(action: str) -> None:
    """Also a policy that was saved before the checker knew."""
    policy = read_policy(RULE.format(f"'{SCORE}'", action))
    decision = decide_on(Facts(MediaFacts("image/png", 1, 1), scores={"x": 1.0}), policy)
    assert decision.action is Action.REVIEW
    assert decision.restrained


def remote(*, exact: bool, kind: str = "confirmed") -> Facts:
    match = MatchFacts(
        "Elsewhere", kind, "child", "", "sha1", exact=exact, distance=0, quality=100,
        variant="original", revision=0, remote=True,
    )  # fmt: skip
    return Facts(MediaFacts("image/png", 1, 1), (match,))


def test_what_a_list_elsewhere_says_is_never_blocked_without_a_person() -> None:
    policy = read_policy(RULE.format('"true"', "block"))
    for exact in (True, False):
        decision = decide_on(remote(exact=exact), policy)
        assert decision.action is Action.HOLD
        assert decision.restrained
    assert decide_on(remote(exact=True, kind="suspect"), policy).action is Action.REVIEW


BLURRED = "policy: 1\nrules:\n" + "".join(
    f"  - id: r{n}\n    when: 'true'\n    action: review\n    blur: {blur}\n    then: go-on\n"
    for n, blur in enumerate((3, "false", 7, 0))
)


def test_of_several_rules_the_strongest_blur_counts() -> None:
    facts = Facts(MediaFacts("image/png", 1, 1))
    assert decide_on(facts, read_policy(BLURRED)).blur == 7
    assert decide_on(facts, read_policy(BLURRED.replace("false", "true"))).blur == 10
    assert decide_on(facts, read_policy(DEFAULT_POLICY)).blur == 0


@pytest.mark.parametrize(
    ("blur", "words"),
    [("11", "`blur` is from 0 to 10"), ("-1", "`blur` is from 0"), ("much", "`blur` must be a wh"),
     ("0.5", "`blur` must be a whole number or true"), ("[1]", "`blur` must be")],
)  # fmt: skip
def test_a_blur_that_is_none_is_refused(blur: str, words: str) -> None:
    with pytest.raises(BadPolicy, match=words):
        read_policy(BLURRED.replace("blur: 7", f"blur: {blur}"))
