"""The words of this feature: trails of others, what was told of them, and contradictions."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from amparo.access.audit.checkpoint import Checkpoint

TrailId = NewType("TrailId", UUID)


class Contradiction(StrEnum):
    """How a checkpoint does not fit what was told before."""

    FORKED = "forked"
    SHORTENED = "shortened"
    ANOTHER_KEY = "another-key"

    @property
    def told(self) -> str:
        """In words, for whoever told it."""
        return _TOLD[self]


_TOLD = {
    Contradiction.FORKED: "another chain was told for this entry",
    Contradiction.SHORTENED: "a longer trail was told before this one was sealed",
    Contradiction.ANOTHER_KEY: "the trail was signed with another key before",
}


@dataclass(frozen=True, slots=True)
class Trail:
    """Another installation's trail, known by its service key's name and by the key that signs."""

    id: TrailId
    name: str
    public_key: bytes
    first_at: datetime


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint that was told; one that contradicts others is kept as evidence."""

    id: UUID
    trail: str
    public_key: bytes
    checkpoint: Checkpoint
    received_at: datetime
    contradiction: Contradiction | None
