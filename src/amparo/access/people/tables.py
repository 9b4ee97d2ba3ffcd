"""The tables of people, their sessions, invitations, recovery codes and failed attempts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from amparo.db.tables import Row, UtcTime

_THERE = text("removed_at IS NULL")


class PersonRow(Row):
    """Somebody who may sign in; of the password a hash, of the TOTP secret what is sealed."""

    __tablename__ = "people"
    __table_args__ = (
        Index(
            "uq_people_email", "email", unique=True, sqlite_where=_THERE, postgresql_where=_THERE
        ),
        Index("uq_people_issuer_subject", "issuer", "subject", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    email: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    roles: Mapped[list[str]] = mapped_column(JSON)
    language: Mapped[str] = mapped_column(String(2))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    active_since: Mapped[datetime | None] = mapped_column(UtcTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[int] = mapped_column(BigInteger)
    """The last step of time whose code was used: no code is good twice."""
    issuer: Mapped[str | None] = mapped_column(String(500))
    subject: Mapped[str | None] = mapped_column(String(255))


class RecoveryRow(Row):
    """A code for a day without the telephone; of it a digest, since it was drawn from 2^80."""

    __tablename__ = "recovery_codes"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    code_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)


class InvitationRow(Row):
    """A link by which a person sets a password; good once."""

    __tablename__ = "invitations"

    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)


class SessionRow(Row):
    """A browser in which somebody is signed in; of its token a digest."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    began_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)


class AttemptsRow(Row):
    """How often somebody has lately tried to sign in, by account and by address, in vain."""

    __tablename__ = "sign_in_attempts"

    subject: Mapped[str] = mapped_column(String(100), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcTime)
