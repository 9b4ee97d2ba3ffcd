"""The tables of the audit trail: entries as they were written, and the chain that seals them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from amparo.db.tables import Row, UtcTime

_Number = BigInteger().with_variant(Integer, "sqlite")


class EntryRow(Row):
    """Who did what; written with what was done, in one transaction."""

    __tablename__ = "audit_entries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(UtcTime)
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, object]] = mapped_column(JSON)


class SealRow(Row):
    """An entry's place in the chain, and the digest of it and of all before it."""

    __tablename__ = "audit_seals"

    position: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("audit_entries.id"), unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
