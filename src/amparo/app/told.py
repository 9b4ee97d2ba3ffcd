"""Matches as policies and platforms see them, and decisions as platforms are told them."""

from typing import Any

from amparo.detect.deciding import Decision, MatchFacts
from amparo.detect.deciding.store import RecordedDecision
from amparo.detect.matching.host import Listed
from amparo.detect.matching.host.asked import Asked


def match_of(listed: Listed, asked: Asked) -> MatchFacts:
    """A match as policies see it."""
    signal, known = listed.signal.signal, listed.known_list
    return MatchFacts(
        list=known.name,
        list_kind=known.kind.value,
        subject=known.subject.value,
        signal=str(listed.signal.number),
        algorithm=asked.algorithm.value if listed.film is None else signal.algorithm.value,
        exact=asked.algorithm.is_exact,
        distance=listed.distance_bits,
        quality=asked.quality,
        variant=asked.variant,
        revision=max(known.revision, listed.signal.revision),
        frame=asked.frame,
        **_when(listed, asked),
        source=signal.source,
        labels=signal.labels,
        classification=signal.classification,
        confidence=-1.0 if signal.confidence is None else signal.confidence,
        start=asked.start,
        end=asked.end,
        item=asked.item,
    )


def _when(listed: Listed, asked: Asked) -> dict[str, Any]:
    """Where in a video, and of a listed video where in that and how much of both."""
    film = listed.film
    if film is None:
        times = {"seconds": asked.seconds, "last_seconds": asked.last_seconds}
        return {name: _rounded(each) for name, each in times.items() if each is not None}
    when = {"seconds": film.seconds, "last_seconds": film.last_seconds}
    return {
        **{name: _rounded(each) for name, each in when.items() if each is not None},
        "listed_seconds": _rounded(film.listed_seconds),
        "listed_last_seconds": _rounded(film.listed_last_seconds),
        "query_percent": round(film.query_percent, 1),
        "listed_percent": round(film.listed_percent, 1),
    }


def _rounded(seconds: float) -> float:
    return round(seconds, 3)


def answer_of(one: RecordedDecision) -> dict[str, Any]:
    """What the platform is told."""
    decision: Decision = one.decision
    return {
        "media_id": str(one.media.id),
        "action": decision.action.value,
        "matches": [dict(match) for match in one.facts["matches"]],
        "suppressed": [dict(match) for match in one.facts["suppressed"]],
        "scores": dict(one.facts["scores"]),
        "unanswered": dict(one.facts.get("unanswered", {})),
        "decision_id": str(one.id),
        "policy_version": one.policy_version,
        "rules": list(decision.rules),
        "labels": list(decision.labels),
        "queue": decision.queue,
        "priority": decision.priority,
        "blur": decision.blur,
        "restrained": decision.restrained,
        "broken": list(decision.broken),
        "media_type": one.media.media_type,
        "problem": one.media.problem,
        "decided_at": one.decided_at.isoformat(),
        "frames": one.facts["media"].get("frames", 0),
        "seconds": one.facts["media"].get("seconds", 0.0),
        "is_whole": one.facts["media"].get("is_whole", True),
    }
