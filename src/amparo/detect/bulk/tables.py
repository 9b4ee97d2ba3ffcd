"""The tables of look-backs: what was found in which catalogue, and how far each was looked at."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from amparo.db.tables import Row, UtcTime


class FindRow(Row):
    """A signal that an object of an archive matches. It orders people's work and does no more."""

    __tablename__ = "lookback_finds"
    __table_args__ = (
        UniqueConstraint(
            "organisation_id", "catalogue_id", "object", "signal_number",
            name="uq_lookback_finds_object",
        ),
        Index("ix_lookback_finds_run", "run"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    catalogue_id: Mapped[UUID]
    object: Mapped[bytes] = mapped_column(LargeBinary)
    """16 bytes: which object, in which state."""
    source: Mapped[str] = mapped_column(String)
    key: Mapped[str] = mapped_column(String)
    key_bytes: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of a key that is not UTF-8: `key` shows it."""
    list_number: Mapped[int] = mapped_column(BigInteger)
    signal_number: Mapped[int] = mapped_column(BigInteger)
    algorithm: Mapped[str] = mapped_column(String(20))
    distance: Mapped[int] = mapped_column(Integer)
    variant: Mapped[str] = mapped_column(String(40))
    frame: Mapped[int] = mapped_column(Integer)
    seconds: Mapped[float | None]
    last_seconds: Mapped[float | None]
    listed_seconds: Mapped[float | None]
    listed_last_seconds: Mapped[float | None]
    query_percent: Mapped[float | None]
    listed_percent: Mapped[float | None]
    """These five where a listed video matches."""
    found_at: Mapped[datetime] = mapped_column(UtcTime)
    run: Mapped[UUID]


class MarkRow(Row):
    """Up to where a list was held against a catalogue, and up to which of its generations."""

    __tablename__ = "lookback_marks"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    catalogue_id: Mapped[UUID] = mapped_column(primary_key=True)
    list_number: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("lists.number"), primary_key=True, autoincrement=False
    )
    revision: Mapped[int] = mapped_column(BigInteger)
    generation: Mapped[int] = mapped_column(Integer)
    looked_at: Mapped[datetime] = mapped_column(UtcTime)
    hidden: Mapped[dict[str, object] | None] = mapped_column(JSON(none_as_null=True))
    """By what matches were hidden then."""
