"""What a policy may do, and what it never may, whatever it says."""

import pytest

from amparo.detect.deciding import (
    DEFAULT_POLICY,
    Action,
    Facts,
    MatchFacts,
    MediaFacts,
    decide,
    read_policy,
)
from amparo.detect.deciding.model import ContextFacts, facts_of, on_record


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


@pytest.mark.parametrize(
    ("match", "flooded", "action"),
    [
        (a_match(exact=True, remote=True), set(), Action.HOLD),
        (a_match(exact=True), {"1"}, Action.REVIEW),
    ],
)
def test_what_a_machine_may_not_block_is_not_put_where_people_see_no_media(
    match: MatchFacts, flooded: set[str], action: Action
) -> None:
    default = read_policy(DEFAULT_POLICY)
    decision = decide(facts(match), default, flooded=flooded)
    assert (decision.action, decision.queue) == (action, "review")
    assert decision.rules == ("known-exactly",)
    assert decision.restrained
    assert decide(facts(a_match(exact=True)), default).queue == "without-media"


def test_no_rule_of_those_that_add_up_brings_a_refused_one_to_its_queue() -> None:
    rules = policy(
        "id: one, when: 'true', action: allow, queue: without-media, then: go-on",
        "id: two, when: 'true', action: block",
    )
    assert decide(facts(a_match()), rules).queue == "review"
    assert decide(facts(a_match(exact=True)), rules).queue == "without-media"


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


WORDS = ("url_prefix", "url_host", "email", "account", "keyword", "regex")


def written(*matches: MatchFacts, surface: str = "post") -> Facts:
    return Facts(MediaFacts("text/plain", 9), matches, context=ContextFacts(surface))


@pytest.mark.parametrize("kind", WORDS)
def test_words_names_and_places_of_links_are_put_to_people_whatever_a_policy_says(
    kind: str,
) -> None:
    decision = decide(written(a_match(algorithm=kind)), BLOCKS_ALL)
    assert decision.action is Action.REVIEW
    assert "no content" in decision.restrained


def test_a_link_on_a_confirmed_list_is_held_and_never_blocked() -> None:
    assert decide(written(a_match(algorithm="url")), BLOCKS_ALL).action is Action.HOLD
    among = written(a_match(algorithm="url"), a_match(algorithm="keyword", signal="2"))
    assert decide(among, BLOCKS_ALL).action is Action.HOLD
    for weaker in ({"list_kind": "suspect"}, {"subject": "adult"}):
        decision = decide(written(a_match(algorithm="url", **weaker)), BLOCKS_ALL)
        assert decision.action is Action.REVIEW


@pytest.mark.parametrize("kind", ["url", *WORDS])
def test_a_search_may_be_blocked_by_confirmed_lists_about_children_alone(kind: str) -> None:
    search = written(a_match(algorithm=kind), surface="search")
    assert decide(search, BLOCKS_ALL).action is Action.BLOCK
    for weaker in ({"list_kind": "suspect"}, {"subject": "adult"}, {"list_kind": "negative"}):
        search = written(a_match(algorithm=kind, **weaker), surface="search")
        assert decide(search, BLOCKS_ALL).action is Action.REVIEW


def test_a_picture_sent_from_a_search_is_no_search() -> None:
    for kind, media_type in (("pdq", "image/jpeg"), ("pdq", "text/plain")):
        upload = Facts(
            MediaFacts(media_type, 1), (a_match(algorithm=kind),), context=ContextFacts("search")
        )
        assert decide(upload, BLOCKS_ALL).action is Action.HOLD


def test_the_default_policy_shows_help_to_whoever_searches_and_puts_words_to_people() -> None:
    default = read_policy(DEFAULT_POLICY)
    word = a_match(algorithm="keyword")
    search = decide(written(word, surface="search"), default)
    assert (search.action, search.message, search.restrained) == (Action.BLOCK, "help", "")
    text = decide(written(word), default)
    assert (text.action, text.message, text.restrained) == (Action.REVIEW, "", "")
    link = decide(written(a_match(algorithm="url"), word), default)
    assert (link.action, link.restrained) == (Action.HOLD, "")
    suspect = decide(written(a_match(algorithm="keyword", list_kind="suspect")), default)
    assert suspect.action is Action.REVIEW


def test_nothing_is_kept_of_a_text_unless_a_rule_that_applies_says_so() -> None:
    rules = policy(
        "id: never, when: 'false', action: review, keep: [text]",
        "id: one, when: matches.size() > 1, action: review, keep: [text], then: go-on",
        "id: rest, when: 'true', action: allow",
    )
    word = a_match(algorithm="keyword")
    assert decide(written(word), rules).keep == ()
    assert decide(written(word, word), rules).keep == ("text",)


def test_facts_that_were_recorded_before_texts_were_known_can_be_read() -> None:
    recorded = on_record(facts(a_match()))
    for match in recorded["matches"]:
        for name in ("start", "end", "item"):
            del match[name]
    assert facts_of(recorded) == facts(a_match())
