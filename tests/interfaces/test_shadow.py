"""A version of the policy runs beside the one that holds, and changes nothing."""

import pytest
from sqlalchemy import text

from amparo.app.change_policy import activate_policy, save_policy, shadow_policy
from amparo.core.clock import SystemClock
from amparo.core.errors import NotFound
from amparo.detect.deciding import DEFAULT_POLICY, Action
from amparo.detect.deciding.versions import Policies, Standing
from tests.interfaces.conftest import Platform
from tests.interfaces.test_media import CAT, ROCKET, pdq_of, sha256_of, submit

CLOCK = SystemClock()
MILDER = DEFAULT_POLICY.replace("action: block", "action: hold")
BREAKS = """
policy: 1
rules:
  - id: breaks
    when: matches.size() < 2 || matches[5].exact
    action: allow
"""


def a_version(platform: Platform, text: str) -> int:
    actor = platform.serving.keys.actor(platform.key)
    return save_policy(platform.serving.database, text, "policy.yaml", actor, CLOCK)


def in_shadow(platform: Platform, number: int | None) -> None:
    actor = platform.serving.keys.actor(platform.key)
    shadow_policy(platform.serving.database, number, actor, CLOCK)


def activate(platform: Platform, number: int) -> None:
    actor = platform.serving.keys.actor(platform.key)
    activate_policy(platform.serving.database, number, actor, CLOCK)


def standing(platform: Platform) -> Standing:
    organisation = platform.serving.keys.actor(platform.key).organisation_id
    with platform.serving.database.reading() as work:
        return Policies(work).standing(organisation)


@pytest.fixture
def known(platform: Platform) -> Platform:
    """One that would be blocked, one that would be held."""
    platform.make_list()
    platform.add(sha256_of(ROCKET), pdq_of(CAT))
    return platform


def test_what_runs_in_the_shadow_is_compared_and_changes_nothing(known: Platform) -> None:
    number = a_version(known, MILDER)
    in_shadow(known, number)
    blocked = submit(known, ROCKET).json()
    assert (blocked["action"], blocked["policy_version"]) == ("block", 0)
    assert submit(known, CAT).json()["action"] == "hold"
    organisation = known.serving.keys.actor(known.key).organisation_id
    with known.serving.database.reading() as work:
        moved = Policies(work).compared(organisation, number)
        (other,) = Policies(work).differing(organisation, number, limit=10)
    assert moved == {(Action.BLOCK, Action.HOLD): 1, (Action.HOLD, Action.HOLD): 1}
    assert str(other.media_id) == blocked["media_id"]
    assert (other.shadow.action, other.shadow.rules) == (Action.HOLD, ("known-exactly",))


def test_an_upload_without_a_shadow_is_in_no_comparison(known: Platform) -> None:
    number = a_version(known, MILDER)
    in_shadow(known, number)
    in_shadow(known, None)
    submit(known, ROCKET)
    organisation = known.serving.keys.actor(known.key).organisation_id
    with known.serving.database.reading() as work:
        assert not Policies(work).compared(organisation, number)


def test_what_comes_to_hold_leaves_the_shadow_and_an_earlier_one_can_come_back(
    known: Platform,
) -> None:
    milder = a_version(known, MILDER)
    in_shadow(known, milder)
    assert submit(known, ROCKET).json()["action"] == "block"
    activate(known, milder)
    assert standing(known).shadow is None
    answer = submit(known, ROCKET).json()
    assert (answer["action"], answer["policy_version"]) == ("hold", milder)
    activate(known, 0)
    assert submit(known, ROCKET).json()["action"] == "block"


def test_a_version_that_is_not_there_is_refused_and_nothing_is_changed(known: Platform) -> None:
    with pytest.raises(NotFound):
        activate(known, 7)
    with pytest.raises(NotFound):
        in_shadow(known, 7)
    assert standing(known).live.number == 0


def test_a_rule_that_cannot_be_answered_is_told_and_people_look(known: Platform) -> None:
    activate(known, a_version(known, BREAKS))
    assert submit(known, b"a note").json()["broken"] == []
    for name in ("one", "two"):
        known.make_list(name, kind="suspect")
        known.add(sha256_of(b"a note"), to=name)
    answer = submit(known, b"a note").json()
    assert (answer["broken"], answer["rules"]) == (["breaks"], [])
    assert (answer["action"], answer["queue"]) == ("review", "review")
    assert "amparo_policy_rules_unanswered_total 1.0" in known.http.get("/metrics").text


def test_a_policy_of_another_amparo_stops_deciding_and_in_the_shadow_nothing(
    known: Platform,
) -> None:
    strange = a_version(known, MILDER)
    with known.serving.database.work() as work:
        work.execute(text("UPDATE policies SET text = replace(text, 'm.exact', 'm.of_the_future')"))
    in_shadow(known, strange)
    assert submit(known, ROCKET).json()["action"] == "block"
    activate(known, strange)
    assert submit(known, ROCKET).status_code == 503
    activate(known, 0)
    assert submit(known, ROCKET).json()["action"] == "block"
