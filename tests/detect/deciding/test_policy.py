"""A policy is read whole or refused with the place of its mistake."""

import pytest

from amparo.detect.deciding import DEFAULT_POLICY, Facts, MatchFacts, MediaFacts, read_policy
from amparo.detect.deciding.conditions import seen_of
from amparo.detect.deciding.policy import BadPolicy

RULE = "policy: 1\nrules:\n  - id: a\n    when: {}\n    action: hold\n"


def complaint(text: str) -> str:
    with pytest.raises(BadPolicy) as caught:
        read_policy(text, "p.yaml")
    return caught.value.message


def test_the_default_policy_can_be_read() -> None:
    assert read_policy(DEFAULT_POLICY).rules[0].id == "known-exactly"


def test_a_misspelt_field_is_shown_with_a_caret() -> None:
    assert complaint(RULE.format("matches.exists(m, m.distanse < 3)")) == (
        "p.yaml, line 4, column 31: the condition names the field of m 'distanse', which there is "
        "not; there are algorithm, classification, confidence, distance, end, exact, frame, item, "
        "labels, last_seconds, list, list_kind, listed_last_seconds, listed_percent, "
        "listed_seconds, quality, query_percent, remote, revision, seconds, signal, source, "
        "start, subject, variant.\n"
        "      when: matches.exists(m, m.distanse < 3)\n"
        "                                ^"
    )


def test_a_quoted_condition_is_pointed_at_too() -> None:
    *_, shown, caret = complaint(RULE.format('"media.typ == 3"')).splitlines()
    assert shown[len(caret) - 1 :].startswith("typ")


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("media.typ == ''", "'typ'"),
        ("uploader.age > 3", "'age'"),
        ("context.where == 'x'", "'where'"),
        ("medium.type == 'x'", "variable 'medium'"),
        ("matches.exists(m, m.lst == 'a')", "'lst'"),
        ("matches.exists(m, n.list == 'a')", "variable 'n'"),
        ("matches.exists(m, matches.exists(n, n.exact))", "a list in a list"),
        ("matches.any(m, m.exact)", "function 'any'"),
        ("system('x')", "function 'system'"),
        ("media.type ==", "is not CEL"),
        ("media.size_bytes", "neither true nor false"),
        ("media.size_bytes > 'a'", "cannot be answered"),
    ],
)
def test_a_condition_that_cannot_work_is_refused(condition: str, words: str) -> None:
    assert words in complaint(RULE.format(f'"{condition}"'))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must be `policy: 1`"),
        ("- a", "must be `policy: 1`"),
        ("policy: 2\nrules: []", "must begin with `policy: 1`"),
        ("policy: 1", "needs a list of `rules`"),
        ("policy: 1\nrules: 3", "needs a list of `rules`"),
        ("policy: 1\nrules: []\nmore: 1", "'more' is no part of a policy"),
        ("policy: 1\nrules:\n  - 3", "a rule has at least"),
        ("policy: 1\nrules:\n  - id: a\n    when: 'true'", "lacks `action`"),
        ("policy: 1\nrules: [{id: a, when: 'true', action: ban}]", "'ban' is no action"),
        ("policy: 1\nrules: [{id: a, when: true, action: hold}]", "`when` must be text"),
        ("policy: 1\nrules: [{id: a, when: 'true', action: hold, wen: 1}]", "'wen' is no part"),
        ("policy: 1\nrules: [{id: a, when: 'true', action: hold, priority: 101}]", "0 to 100"),
        ("policy: 1\nrules: [{id: a, when: 'true', action: hold, then: halt}]", "stop or go-on"),
        ("policy: 1\nrules: [{id: a, id: b, when: 'true', action: hold}]", "there twice"),
        (RULE.format("'true'") + "  - id: a\n    when: 'true'\n    action: hold", "already"),
        ("policy: [", "is not YAML"),
        ("policy: !!python/object/apply:os.system ['x']\nrules: []", "is not YAML"),
    ],
)  # fmt: skip
def test_a_policy_of_another_shape_is_refused(text: str, words: str) -> None:
    assert words in complaint(text)


@pytest.mark.parametrize(
    "condition",
    [
        "matches.exists(m, m.exact) && matches.exists(n, n.distance < 3)",
        "matches.size() > 0 && matches[0].exact",
        "'m.lst' == media.type",
        "context.labels.exists(l, l == 'a')",
        "'x' in scores && scores['x'] > 0.5",
        "size(matches.filter(m, m.list == 'a')) >= 0",
    ],
)
def test_a_condition_that_can_work_is_taken(condition: str) -> None:
    rule = read_policy(RULE.format(f'"{condition}"')).rules[0]
    match = MatchFacts("a", "confirmed", "child", "1", "pdq", exact=False, distance=2,
                       quality=90, variant="original", revision=1)  # fmt: skip
    rule.condition.holds(seen_of(Facts(MediaFacts("image/png", 1), (match,) * 200)))
