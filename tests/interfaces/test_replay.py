"""A policy is tried on the record before it holds."""

import pytest

from amparo.app.replay import Changed, replay
from amparo.detect.deciding import DEFAULT_POLICY, Action, read_policy
from tests.interfaces.conftest import Platform
from tests.interfaces.test_media import CAT, ROCKET, pdq_of, sha256_of, submit

NEVER_BLOCKS = DEFAULT_POLICY.replace("action: block", "action: hold")


@pytest.fixture
def recorded(platform: Platform) -> Platform:
    """One blocked, one held, one allowed."""
    platform.make_list()
    platform.add(sha256_of(ROCKET), pdq_of(CAT))
    found = [submit(platform, file).json()["action"] for file in (ROCKET, CAT, b"a note")]
    assert found == ["block", "hold", "allow"]
    return platform


def test_what_would_change_is_told_and_nothing_is_changed(recorded: Platform) -> None:
    changed: list[Changed] = []
    organisation = recorded.serving.keys.actor(recorded.key).organisation_id
    result = replay(
        recorded.serving.database, organisation, read_policy(NEVER_BLOCKS),
        last=100, tell=changed.append,
    )  # fmt: skip
    assert result.asked == 3
    assert result.moved[Action.BLOCK, Action.HOLD] == 1
    assert [(each.recorded.decision.action, each.action) for each in changed] == [
        (Action.BLOCK, Action.HOLD)
    ]
    actions = [each["action"] for each in recorded.http.get("/v1/decisions").json()["decisions"]]
    assert actions == ["allow", "hold", "block"]


def test_the_policy_that_holds_changes_nothing(recorded: Platform) -> None:
    organisation = recorded.serving.keys.actor(recorded.key).organisation_id
    result = replay(recorded.serving.database, organisation, read_policy(DEFAULT_POLICY), last=2)
    assert result.asked == 2
    assert all(before is after for before, after in result.moved)
