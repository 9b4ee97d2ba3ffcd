"""Whether a host may be sent requests."""

from pydantic import BaseModel


class Readiness(BaseModel):
    """`lag` is by how many revisions the lists here are behind; None while the database is away."""

    ready: bool
    database: bool
    lists: int
    lag: int | None
