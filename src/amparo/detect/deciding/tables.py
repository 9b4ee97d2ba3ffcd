"""The tables of what was decided: uploads, decisions, and the versions of the policy."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from amparo.db.tables import Row, UtcTime


class MediaRow(Row):
    """An upload. `held_as` names its encrypted bytes, where they were kept."""

    __tablename__ = "media"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    arrived_at: Mapped[datetime] = mapped_column(UtcTime)
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    problem: Mapped[str] = mapped_column(String(50))
    held_as: Mapped[str | None] = mapped_column(String(100))


class DecisionRow(Row):
    """A decision with all that led to it."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_organisation_id_id", "organisation_id", "id"),
        Index(
            "ix_decisions_shadow",
            "organisation_id",
            "shadow_version",
            "action",
            "shadow_action",
            "id",
            sqlite_where=text("shadow_version IS NOT NULL"),
            postgresql_where=text("shadow_version IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    media_id: Mapped[UUID] = mapped_column(ForeignKey("media.id"), unique=True)
    decided_at: Mapped[datetime] = mapped_column(UtcTime)
    action: Mapped[str] = mapped_column(String(20))
    queue: Mapped[str] = mapped_column(String(100))
    priority: Mapped[int]
    blur: Mapped[int] = mapped_column(server_default="0")
    policy_version: Mapped[int]
    rules: Mapped[list[str]] = mapped_column(JSON)
    restrained: Mapped[str] = mapped_column(String(200))
    labels: Mapped[list[str]] = mapped_column(JSON)
    broken: Mapped[list[str]] = mapped_column(JSON)
    facts: Mapped[dict[str, object]] = mapped_column(JSON)
    shadow_version: Mapped[int | None]
    shadow_action: Mapped[str | None] = mapped_column(String(20))
    shadow_rules: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    shadow_broken: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


class PolicyRow(Row):
    """A version of an organisation's policy."""

    __tablename__ = "policies"
    __table_args__ = (UniqueConstraint("organisation_id", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(UtcTime)
    saved_by: Mapped[str] = mapped_column(String(200))


class PolicyStandingRow(Row):
    """Which of an organisation's versions holds, and which runs in its shadow.

    Said by number and not by time, so that a clock that goes back changes nothing.
    """

    __tablename__ = "policy_standing"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    newest: Mapped[int]
    live: Mapped[int]
    shadow: Mapped[int | None]
