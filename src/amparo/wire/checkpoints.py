"""Checkpoints of an audit trail, as one Amparo tells them to another, and as they are listed."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from amparo.wire.lists import Moment
from amparo.wire.media import Said

Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Hex64 = Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]


def _of_this_time(at: datetime) -> datetime:
    """Raises ValueError."""
    if not datetime(2000, 1, 1, tzinfo=UTC) <= at < datetime(9000, 1, 1, tzinfo=UTC):
        raise ValueError("must be a time from 2000 on")
    return at


class CheckpointBody(Said):
    """What a trail came to at an entry, and the key that has signed it."""

    position: Annotated[int, Field(strict=True, ge=1, le=2**63 - 1)]
    at: Annotated[Moment, AfterValidator(_of_this_time)]
    digest: Hex32
    root: Hex32
    signature: Hex64
    public_key: Hex32


class CheckpointAnswer(BaseModel):
    """A checkpoint that was told. `contradiction` says how it does not fit those before it."""

    id: UUID
    trail: str
    position: int
    at: datetime
    digest: str
    root: str
    signature: str
    public_key: str
    received_at: datetime
    contradiction: Literal["forked", "shortened", "another-key"] | None


class CheckpointsPage(BaseModel):
    """In the order in which they were told; `next` asks `after` for more, None at the end."""

    checkpoints: list[CheckpointAnswer]
    next: UUID | None
