"""Matches as policies and platforms see them, and decisions as platforms are told them."""

from typing import Any

from amparo.detect.deciding import Decision, MatchFacts
from amparo.detect.deciding.store import RecordedDecision
from amparo.detect.matching.host import Listed
from amparo.detect.matching.host.look_up import Asked


def match_of(listed: Listed, asked: Asked) -> MatchFacts:
    """A match as policies see it."""
    signal, known = listed.signal.signal, listed.known_list
    return MatchFacts(
        list=known.name,
        list_kind=known.kind.value,
        subject=known.subject.value,
        signal=str(listed.signal.number),
        algorithm=asked.algorithm.value,
        exact=asked.algorithm.is_exact,
        distance=listed.distance_bits,
        quality=asked.quality,
        variant=asked.variant,
        revision=max(known.revision, listed.signal.revision),
        frame=asked.frame,
        source=signal.source,
        labels=signal.labels,
        classification=signal.classification,
        confidence=-1.0 if signal.confidence is None else signal.confidence,
        start=asked.start,
        end=asked.end,
        item=asked.item,
    )


def answer_of(one: RecordedDecision) -> dict[str, Any]:
    """What the platform is told."""
    decision: Decision = one.decision
    return {
        "media_id": str(one.media.id),
        "action": decision.action.value,
        "matches": [dict(match) for match in one.facts["matches"]],
        "suppressed": [dict(match) for match in one.facts["suppressed"]],
        "scores": dict(one.facts["scores"]),
        "decision_id": str(one.id),
        "policy_version": one.policy_version,
        "rules": list(decision.rules),
        "labels": list(decision.labels),
        "queue": decision.queue,
        "priority": decision.priority,
        "restrained": decision.restrained,
        "broken": list(decision.broken),
        "media_type": one.media.media_type,
        "problem": one.media.problem,
        "decided_at": one.decided_at.isoformat(),
    }
