"""Identifiers: UUIDv7 (RFC 9562), which sort by the time they were made."""

from typing import NewType
from uuid import UUID

from uuid_utils import compat

OrganisationId = NewType("OrganisationId", UUID)
ListId = NewType("ListId", UUID)
KeyId = NewType("KeyId", UUID)
MediaId = NewType("MediaId", UUID)
DecisionId = NewType("DecisionId", UUID)

SignalNumber = NewType("SignalNumber", int)
"""A signal's place in the database and in every index; shown to others as decimal digits."""


def new_id() -> UUID:
    """A new identifier: 48 bits of time, then chance that nobody can guess."""
    return compat.uuid7()


def milliseconds_of(identifier: UUID) -> int | None:
    """When an identifier was made, since 1970; None where it is none that we make."""
    return identifier.int >> 80 if identifier.version == 7 else None
