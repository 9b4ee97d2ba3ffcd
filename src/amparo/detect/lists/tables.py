"""The tables of lists: a list, its changes, and the signals that these added or withdrew."""

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
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from amparo.db.tables import Row, UtcTime

_Number = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up only a column that it calls INTEGER."""

_NEVER_AGAIN = {"sqlite_autoincrement": True}
"""A number that was ever given is not given again."""


class ListRow(Row):
    """A list. `number` stands for it in every index; `revision` counts its published changes."""

    __tablename__ = "lists"
    __table_args__ = (UniqueConstraint("organisation_id", "name"), _NEVER_AGAIN)

    number: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(20))
    radius_bits: Mapped[int] = mapped_column(Integer)
    minimum_quality: Mapped[int] = mapped_column(Integer)
    contract: Mapped[dict[str, object]] = mapped_column(JSON)
    radii: Mapped[dict[str, int]] = mapped_column(JSON, server_default="{}")
    """Of hash types that are plugged in, where they are not the types' own."""
    revision: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    enabled_share: Mapped[float] = mapped_column(default=1.0, server_default="1.0")
    video_rules: Mapped[list[list[int]]] = mapped_column(
        JSON, default=[[80, 0], [0, 80]], server_default="[[80, 0], [0, 80]]"
    )
    """Percent of what is looked up, and of what is listed, each."""
    removed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """Since when it is no list any more; the row stays for the decisions that name it."""


class ChangeRow(Row):
    """A change of a list. Until it has a revision nobody sees what it adds or withdraws."""

    __tablename__ = "list_changes"
    __table_args__ = (UniqueConstraint("list_number", "revision"), _NEVER_AGAIN)

    number: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    list_number: Mapped[int] = mapped_column(ForeignKey("lists.number"))
    revision: Mapped[int | None] = mapped_column(BigInteger)
    began_at: Mapped[datetime] = mapped_column(UtcTime)
    alive_at: Mapped[datetime] = mapped_column(UtcTime)
    """When whoever prepares it was last seen at work."""
    proposed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """Since when it is complete and waits for a second person."""
    actor: Mapped[str] = mapped_column(String(200))
    confirmed_by: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(1000), default="")


class SignalRow(Row):
    """A signal: what a list says of one hash, from one change until another."""

    __tablename__ = "signals"
    __table_args__ = (
        Index("ix_signals_value", "value", "list_number"),
        Index("ix_signals_added_by", "added_by", "number"),
        Index(
            "ix_signals_withdrawn_by",
            "withdrawn_by",
            "number",
            sqlite_where=text("withdrawn_by IS NOT NULL"),
            postgresql_where=text("withdrawn_by IS NOT NULL"),
        ),
        Index(
            "ix_signals_content",
            "content",
            sqlite_where=text("content IS NOT NULL"),
            postgresql_where=text("content IS NOT NULL"),
        ),
        _NEVER_AGAIN,
    )

    number: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    list_number: Mapped[int] = mapped_column(ForeignKey("lists.number"))
    algorithm: Mapped[str] = mapped_column(String(20))
    value: Mapped[bytes] = mapped_column(LargeBinary)
    source_id: Mapped[str] = mapped_column(String(500), default="")
    quality: Mapped[int | None] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(String(500), default="")
    labels: Mapped[list[str]] = mapped_column(JSON)
    classification: Mapped[str] = mapped_column(String(100), default="")
    confidence: Mapped[float | None]
    expires: Mapped[datetime | None] = mapped_column(UtcTime)
    enabled_share: Mapped[float] = mapped_column(default=1.0)
    note: Mapped[str] = mapped_column(String(10_000), default="")
    added_by: Mapped[int] = mapped_column(ForeignKey("list_changes.number"))
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("list_changes.number"))
    content: Mapped[int | None] = mapped_column(BigInteger)
    """The number under which a bank's client knows it, where that is not its own."""
    not_before: Mapped[datetime | None] = mapped_column(UtcTime)
    """Until when it is disabled."""
    text: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Of a signal that is no hash of a fixed width; `value` is its digest then."""


class ContentRow(Row):
    """What the client of a bank says of a content; `id` is the number of its first signal."""

    __tablename__ = "bank_contents"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    list_number: Mapped[int] = mapped_column(ForeignKey("lists.number"))
    disable_until_ts: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str | None] = mapped_column(String(255))
    said: Mapped[dict[str, object] | None] = mapped_column(JSON)
    """Its metadata, as the client gave them."""
