"""The table of notices."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, Boolean, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from amparo.db.tables import Row, UtcTime


class NoticeRow(Row):
    """What somebody told, and what was answered.

    Who told, and in what words, is sealed with the access key; `urls` and `explanation` hold only
    what was told before they were.
    """

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_due", "organisation_id", "answered_at", "due_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    number: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    sender: Mapped[str] = mapped_column(String(20))
    is_signed: Mapped[bool] = mapped_column(Boolean)
    language: Mapped[str] = mapped_column(String(2))
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    received_by: Mapped[str] = mapped_column(String(200))
    due_at: Mapped[datetime] = mapped_column(UtcTime)
    urls: Mapped[list[str]] = mapped_column(JSON)
    explanation: Mapped[str] = mapped_column(Text)
    sender_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    hashes: Mapped[list[list[object]]] = mapped_column(JSON)
    held_as: Mapped[str | None] = mapped_column(String(100))
    overdue_told: Mapped[bool] = mapped_column(Boolean)
    outcome: Mapped[str | None] = mapped_column(String(20))
    why: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)
    answered_by: Mapped[str | None] = mapped_column(String(200))
