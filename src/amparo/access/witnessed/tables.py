"""The tables of others' audit trails, and of the checkpoints that were told of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from amparo.db.tables import Row, UtcTime

_CONTRADICTING = text("contradiction IS NOT NULL")


class TrailRow(Row):
    """Whose trail: the name of the service key that tells, and the public key at first contact."""

    __tablename__ = "witnessed_trails"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(200))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    first_at: Mapped[datetime] = mapped_column(UtcTime)


class WitnessedRow(Row):
    """What was told, as it was signed; never changed and never removed."""

    __tablename__ = "witnessed_checkpoints"
    __table_args__ = (
        Index("ix_witnessed_checkpoints_trail_id_position", "trail_id", "position"),
        Index("ix_witnessed_checkpoints_trail_id_id", "trail_id", "id"),
        Index(
            "ix_witnessed_checkpoints_contradicting",
            "trail_id",
            sqlite_where=_CONTRADICTING,
            postgresql_where=_CONTRADICTING,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    trail_id: Mapped[UUID] = mapped_column(ForeignKey("witnessed_trails.id"))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    position: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcTime)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    contradiction: Mapped[str | None] = mapped_column(String(20))
