"""One person where two are asked for: a delay, and a notice to the owner's second address.

A platform of one person must be able to run lawfully. What two people decide elsewhere, one decides
here, later, after a second address of theirs was told; and the record says that it was one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from amparo.core.errors import Denied, Invalid
from amparo.core.ids import OrganisationId
from amparo.db import Work
from amparo.db.tables import Row, UtcTime

LEAST_HOURS = 12


class SoloRow(Row):
    """An organisation that one person runs."""

    __tablename__ = "solo_modes"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    hours: Mapped[int]
    address: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(UtcTime)
    recorded_by: Mapped[str] = mapped_column(String(200))


class SoloNoticeRow(Row):
    """What the second address is told: `subject` is what was begun, such as `proposal:12`.

    Address and delay are those of then: whoever changes them later changes nothing for this.
    """

    __tablename__ = "solo_notices"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    said: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(String(200))
    hours: Mapped[int]
    written_at: Mapped[datetime] = mapped_column(UtcTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcTime)


@dataclass(frozen=True, slots=True)
class Solo:
    """How long one person waits, and who is told."""

    hours: int
    address: str


@dataclass(frozen=True, slots=True, repr=False)
class SoloNotice:
    """A notice that was not sent yet."""

    organisation_id: OrganisationId
    subject: str
    said: str
    address: str


def solo_of(work: Work, organisation: OrganisationId) -> Solo | None:
    """How it is set; None where two people decide, as everywhere by default."""
    row = work.execute(
        select(SoloRow.hours, SoloRow.address).where(SoloRow.organisation_id == organisation)
    ).one_or_none()
    return None if row is None else Solo(row.hours, row.address)


def record_solo(
    work: Work, organisation: OrganisationId, solo: Solo, *, actor: str, now: datetime
) -> None:
    """Let one person decide from now on. Raises Invalid."""
    if solo.hours < LEAST_HOURS:
        raise Invalid(f"The delay must be {LEAST_HOURS} hours at least.")
    if "@" not in solo.address or any(letter <= " " for letter in solo.address):
        raise Invalid("The second address is no e-mail address.")
    end_solo(work, organisation)
    work.execute(
        insert(SoloRow).values(
            organisation_id=organisation,
            hours=solo.hours,
            address=solo.address,
            recorded_at=now,
            recorded_by=actor,
        )
    )


def end_solo(work: Work, organisation: OrganisationId) -> None:
    """Two people decide again."""
    work.execute(delete(SoloRow).where(SoloRow.organisation_id == organisation))


def give_notice(
    work: Work, organisation: OrganisationId, subject: str, said: str, now: datetime
) -> None:
    """Have the second address told of what was begun, where one person decides."""
    solo = solo_of(work, organisation)
    if solo is not None:
        tell_address(work, organisation, solo, subject, said, now)


def tell_address(
    work: Work, organisation: OrganisationId, solo: Solo, subject: str, said: str, now: datetime
) -> None:
    """Have the address told that `solo` names, whatever is set from now on."""
    work.execute(
        delete(SoloNoticeRow).where(
            SoloNoticeRow.organisation_id == organisation, SoloNoticeRow.subject == subject
        )
    )
    work.execute(
        insert(SoloNoticeRow).values(
            organisation_id=organisation,
            subject=subject,
            said=said,
            address=solo.address,
            hours=solo.hours,
            written_at=now,
        )
    )


def unsent(work: Work) -> tuple[SoloNotice, ...]:
    """What must still be sent, the oldest first."""
    rows = work.execute(
        select(
            SoloNoticeRow.organisation_id,
            SoloNoticeRow.subject,
            SoloNoticeRow.said,
            SoloNoticeRow.address,
        )
        .where(SoloNoticeRow.sent_at.is_(None))
        .order_by(SoloNoticeRow.written_at)
        .limit(20)
    )
    return tuple(SoloNotice(OrganisationId(row[0]), row[1], row[2], row[3]) for row in rows)


def was_sent(work: Work, notice: SoloNotice, now: datetime) -> None:
    """The delay runs from now."""
    work.execute(
        update(SoloNoticeRow)
        .where(
            SoloNoticeRow.organisation_id == notice.organisation_id,
            SoloNoticeRow.subject == notice.subject,
            SoloNoticeRow.sent_at.is_(None),
        )
        .values(sent_at=now)
    )


def require_wait(work: Work, organisation: OrganisationId, subject: str, now: datetime) -> None:
    """Raises Denied, which says until when, where the delay of what was begun is not over."""
    told = work.execute(
        select(SoloNoticeRow.sent_at, SoloNoticeRow.address, SoloNoticeRow.hours).where(
            SoloNoticeRow.organisation_id == organisation, SoloNoticeRow.subject == subject
        )
    ).one_or_none()
    if told is None:
        raise Denied(
            "This was begun before one person decided here: refuse it, and begin it anew.",
            code="second_person",
        )
    if told.sent_at is None:
        raise Denied(
            f"{told.address} was not told of this yet; then {told.hours} hours must pass.",
            code="too_early",
        )
    until = told.sent_at + timedelta(hours=told.hours)
    if now < until:
        raise Denied(
            f"{told.address} was told; it can be confirmed by one person from "
            f"{until.isoformat(timespec='minutes')} on.",
            code="too_early",
        )
