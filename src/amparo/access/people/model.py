"""The words of this feature: people, what they are for an organisation, and their sessions."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from amparo.access.model import Actor, Scope
from amparo.access.roles import GRANTED, Role
from amparo.core.errors import Invalid
from amparo.core.ids import OrganisationId

PersonId = NewType("PersonId", UUID)
SessionId = NewType("SessionId", UUID)

MOST_LETTERS = 200
_ADDRESS = re.compile(r"[^@\s\0-\x1f\x7f]{1,64}@[^@\s\0-\x1f\x7f]{1,135}")


class Language(StrEnum):
    """What a person reads."""

    ENGLISH = "en"
    SPANISH = "es"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in; `active` from when they have, until they are removed."""

    id: PersonId
    organisation_id: OrganisationId
    email: str
    name: str
    roles: frozenset[Role]
    language: Language
    created_at: datetime
    active_since: datetime | None
    removed_at: datetime | None

    @property
    def scopes(self) -> frozenset[Scope]:
        """All that the person's roles may do."""
        return frozenset().union(*(GRANTED[role] for role in self.roles))

    @property
    def actor(self) -> Actor:
        """The person as whoever acts."""
        return Actor(self.organisation_id, f"person:{self.id}", self.scopes)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to be invited. Raises Invalid where the address cannot be one, or a role is left."""

    email: str
    name: str
    roles: frozenset[Role]
    language: Language = Language.ENGLISH

    def __post_init__(self) -> None:
        if not _ADDRESS.fullmatch(self.email):
            raise Invalid("An e-mail address has one @, and neither spaces nor control characters.")
        if not self.name.strip() or len(self.name) > MOST_LETTERS or "\0" in self.name:
            raise Invalid(f"A person needs a name of {MOST_LETTERS} letters at most.")
        if not self.roles:
            raise Invalid("A person needs a role at least.")


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in. `token` is what the browser sends."""

    id: SessionId
    person: Person
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Given:
    """What somebody types to sign in, and where: the address, and what the browser keeps."""

    email: str
    password: str
    code: str
    address: str
    browser: str = ""
