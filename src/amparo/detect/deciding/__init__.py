"""What was found out about an upload comes in; what the operator's policy makes of it goes out."""

from amparo.detect.deciding.decide import decide
from amparo.detect.deciding.model import Action, Decision, Facts, MatchFacts, MediaFacts, Shadow
from amparo.detect.deciding.policy import DEFAULT_POLICY, Policy, read_policy

__all__ = [
    "DEFAULT_POLICY",
    "Action",
    "Decision",
    "Facts",
    "MatchFacts",
    "MediaFacts",
    "Policy",
    "Shadow",
    "decide",
    "read_policy",
]
