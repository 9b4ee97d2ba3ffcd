"""What each role may do: the one table that every route and every key is held against."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from amparo.access.model import Scope


class Role(StrEnum):
    """What somebody is for a platform; a person may be several."""

    OWNER = "owner"
    ENGINEER = "engineer"
    POLICY = "policy"
    REVIEWER = "reviewer"
    LEAD_REVIEWER = "lead-reviewer"
    REPORTER = "reporter"
    INVESTIGATOR = "investigator"
    RESEARCHER = "researcher"
    AUDITOR = "auditor"


GRANTED: Mapping[Role, frozenset[Scope]] = MappingProxyType(
    {
        Role.OWNER: frozenset(Scope),
        Role.ENGINEER: frozenset(
            {
                Scope.MEDIA_SUBMIT,
                Scope.MATCHES_READ,
                Scope.LISTS_READ,
                Scope.LISTS_WRITE,
                Scope.METRICS_READ,
                Scope.WEBHOOKS_MANAGE,
                Scope.NOTICES_SUBMIT,
            }
        ),
        Role.POLICY: frozenset(
            {Scope.MEDIA_READ, Scope.DECISIONS_READ, Scope.LISTS_READ, Scope.LISTS_WRITE}
        ),
        Role.REVIEWER: frozenset({Scope.MEDIA_READ, Scope.NOTICES_READ, Scope.NOTICES_ANSWER}),
        Role.LEAD_REVIEWER: frozenset(
            {
                Scope.MEDIA_READ,
                Scope.DECISIONS_READ,
                Scope.LISTS_READ,
                Scope.NOTICES_READ,
                Scope.NOTICES_ANSWER,
            }
        ),
        Role.REPORTER: frozenset({Scope.MEDIA_READ, Scope.DECISIONS_READ, Scope.NOTICES_READ}),
        Role.INVESTIGATOR: frozenset(
            {Scope.MEDIA_READ, Scope.DECISIONS_READ, Scope.LISTS_READ, Scope.MATCHES_READ}
        ),
        # A researcher asks for sums that expose nobody, and sees no upload and no signal.
        Role.RESEARCHER: frozenset(),
        Role.AUDITOR: frozenset(
            {
                Scope.MEDIA_READ,
                Scope.DECISIONS_READ,
                Scope.LISTS_READ,
                Scope.METRICS_READ,
                Scope.AUDIT_READ,
            }
        ),
    }
)
