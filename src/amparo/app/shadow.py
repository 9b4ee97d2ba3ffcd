"""Versions of the policy as they are used: the one that holds, and the one in its shadow."""

from collections.abc import Collection
from functools import lru_cache

import structlog

from amparo.core.errors import Unavailable
from amparo.core.seldom import Seldom
from amparo.detect.deciding import Facts, Policy, Shadow, decide, read_policy
from amparo.detect.deciding.policy import BadPolicy
from amparo.detect.deciding.versions import Standing, Version

_seldom = Seldom(structlog.get_logger(__name__))
_policy = lru_cache(maxsize=64)(read_policy)


def policy_of(version: Version) -> Policy:
    """The rules. Raises Unavailable where another Amparo than this one has saved them."""
    try:
        return _policy(version.text)
    except BadPolicy as error:
        raise Unavailable(
            f"Version {version.number} of the policy cannot be used by this Amparo; activate "
            f"another: {error.message.splitlines()[0]}",
        ) from error


def in_shadow(facts: Facts, standing: Standing, flooded: Collection[str]) -> Shadow | None:
    """What the version in the shadow would do; whatever it is, it changes nothing."""
    if standing.shadow is None:
        return None
    try:
        policy = policy_of(standing.shadow)
    except Unavailable as error:
        _seldom.warning("The policy in the shadow is passed over.", why=error.message)
        return None
    decision = decide(facts, policy, flooded=flooded)
    return Shadow(standing.shadow.number, decision.action, decision.rules, decision.broken)
