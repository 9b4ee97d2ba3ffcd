"""The tables of the audit trail: entries and their places, signed checkpoints, who witnesses."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from amparo.db.tables import Row, UtcTime


class EntryRow(Row):
    """Who did what; written with what was done, in one transaction, and chained soon after."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(
            "ix_audit_entries_unsealed",
            "id",
            sqlite_where=text("position IS NULL"),
            postgresql_where=text("position IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(UtcTime)
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, object]] = mapped_column(JSON)
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)


class CheckpointRow(Row):
    """What the chain came to at a position, signed. `peaks` continue its Merkle tree."""

    __tablename__ = "audit_checkpoints"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcTime)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    peaks: Mapped[list[str]] = mapped_column(JSON)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class WitnessRow(Row):
    """What a witness was told last, and since when it takes nothing; for whoever looks after it."""

    __tablename__ = "audit_witnesses"

    name: Mapped[str] = mapped_column(String(2000), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    told_at: Mapped[datetime | None] = mapped_column(UtcTime)
    failing_since: Mapped[datetime | None] = mapped_column(UtcTime)
    failure: Mapped[str] = mapped_column(String(500))
    refused: Mapped[bool]
    """Whether it knows of another trail under this name, rather than being away."""
