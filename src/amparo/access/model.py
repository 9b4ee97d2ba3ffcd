"""The words of this feature: organisations, keys, scopes, and whoever acts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from amparo.core.ids import KeyId, OrganisationId


class Scope(StrEnum):
    """What a service key may be used for."""

    MEDIA_SUBMIT = "media:submit"
    MEDIA_READ = "media:read"
    MATCHES_READ = "matches:read"
    DECISIONS_READ = "decisions:read"
    LISTS_READ = "lists:read"
    LISTS_WRITE = "lists:write"
    METRICS_READ = "metrics:read"
    PEOPLE_MANAGE = "people:manage"
    WEBHOOKS_MANAGE = "webhooks:manage"
    NOTICES_SUBMIT = "notices:submit"
    NOTICES_TRUSTED = "notices:trusted"
    NOTICES_READ = "notices:read"
    NOTICES_ANSWER = "notices:answer"
    AUDIT_WITNESS = "audit:witness"
    AUDIT_READ = "audit:read"


@dataclass(frozen=True, slots=True)
class Key:
    """A service key, without its secret."""

    id: KeyId
    organisation_id: OrganisationId
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts, for an organisation; `name` is what the record says."""

    organisation_id: OrganisationId
    name: str
    scopes: frozenset[Scope]

    @property
    def is_person(self) -> bool:
        """Whether somebody acts who has signed in: nobody knows who has a key, or a shell."""
        return self.name.startswith("person:")
