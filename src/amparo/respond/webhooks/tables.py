"""The tables of webhooks, their deliveries, and of the workers that see to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from amparo.db.tables import Row, UtcTime

_WAITING = text("state = 'waiting'")


class WebhookRow(Row):
    """Where a platform wants to be told; its secrets are sealed with the access key."""

    __tablename__ = "webhooks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    url: Mapped[str] = mapped_column(String(2000))
    events: Mapped[list[str]] = mapped_column(JSON)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    earlier_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    earlier_until: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    failing_since: Mapped[datetime | None] = mapped_column(UtcTime)
    suspended: Mapped[str | None] = mapped_column(String(200))
    removed_at: Mapped[datetime | None] = mapped_column(UtcTime)


class DeliveryRow(Row):
    """A message, as it is sent whenever it is sent; this row is the truth about it.

    `taken_by` is the worker at it, and `takes` how often one was: an attempt that has lost its
    place to another does nothing.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(
            "ix_deliveries_waiting",
            "webhook_id",
            "next_at",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index("ix_deliveries_ended_at", "ended_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id"))
    body: Mapped[str] = mapped_column(Text)
    events: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int]
    written_at: Mapped[datetime] = mapped_column(UtcTime)
    next_at: Mapped[datetime] = mapped_column(UtcTime)
    taken_by: Mapped[str | None] = mapped_column(String(100))
    takes: Mapped[int]
    last_status: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(String(200))
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class WorkerRow(Row):
    """A process that sees to durable work; what it has taken is another's once it is silent."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
