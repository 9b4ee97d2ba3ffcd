"""Profiles on record: every one that held, the newest of which holds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, Uuid, bindparam, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from amparo.access.jurisdiction.profile import Profile, known_profile, read_profile, require_signed
from amparo.core.errors import Conflict
from amparo.core.ids import OrganisationId
from amparo.db import Work
from amparo.db.ready import Ready
from amparo.db.tables import Row, UtcTime


class ProfileRow(Row):
    """A profile as it was signed off; the highest version holds."""

    __tablename__ = "jurisdictions"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcTime)
    recorded_by: Mapped[str] = mapped_column(String(200))


_PRESENT = Ready(
    select(ProfileRow.text)
    .where(ProfileRow.organisation_id == bindparam("organisation", type_=Uuid()))
    .order_by(ProfileRow.version.desc())
    .limit(1)
)


class Profiles:
    """The organisations' profiles, as one unit of work sees them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def text(self, organisation: OrganisationId) -> str | None:
        """The text of the profile that holds; None where none is on record."""
        found = _PRESENT.rows(self._work, {"organisation": organisation})
        return found[0][0] if found else None

    def present(self, organisation: OrganisationId) -> Profile | None:
        """The profile that holds; None where none is on record."""
        text = self.text(organisation)
        return None if text is None else known_profile(text)

    def record(self, organisation: OrganisationId, text: str, *, actor: str, now: datetime) -> int:
        """Have a profile hold from now on; its version.

        Raises BadProfile, Conflict where another is recorded at the same time.
        """
        require_signed(read_profile(text), now.date())
        newest = self._work.execute(
            select(func.max(ProfileRow.version)).where(ProfileRow.organisation_id == organisation)
        ).scalar()
        version = (newest or 0) + 1
        try:
            self._work.execute(
                insert(ProfileRow).values(
                    organisation_id=organisation,
                    version=version,
                    text=text,
                    recorded_at=now,
                    recorded_by=actor,
                )
            )
        except IntegrityError as error:
            raise Conflict("Another profile was recorded just now; look at it first.") from error
        return version
