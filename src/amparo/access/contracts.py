"""Contracts with services elsewhere, which an operator confirms before a byte goes there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Uuid, bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from amparo.core.errors import Conflict, NotFound
from amparo.core.ids import OrganisationId
from amparo.db import Work
from amparo.db.ready import Ready
from amparo.db.tables import Row, UtcTime

SHIELD = "project-arachnid-shield"


class ContractRow(Row):
    """That somebody has confirmed a contract, and what may be sent by it."""

    __tablename__ = "contracts"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    partner: Mapped[str] = mapped_column(String(50), primary_key=True)
    covers: Mapped[str] = mapped_column(String(50))
    reference: Mapped[str] = mapped_column(String(200))
    confirmed_at: Mapped[datetime] = mapped_column(UtcTime)
    confirmed_by: Mapped[str] = mapped_column(String(200))


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as it was confirmed. `covers` is what may be sent, `reference` names the paper."""

    covers: str
    reference: str
    confirmed_at: datetime
    confirmed_by: str


_STANDING = Ready(
    select(
        ContractRow.covers,
        ContractRow.reference,
        ContractRow.confirmed_at,
        ContractRow.confirmed_by,
    ).where(
        ContractRow.organisation_id == bindparam("organisation", type_=Uuid()),
        ContractRow.partner == bindparam("partner", type_=String()),
    )
)


class Contracts:
    """The organisations' contracts, as one unit of work sees them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def standing(self, organisation: OrganisationId, partner: str) -> Contract | None:
        """The contract as it is confirmed; None where it is not."""
        found = _STANDING.rows(self._work, {"organisation": organisation, "partner": partner})
        return Contract(*found[0]) if found else None

    def confirm(
        self, organisation: OrganisationId, partner: str, *, covers: str, reference: str,
        actor: str, now: datetime,
    ) -> None:  # fmt: skip
        """Put on record that it is signed, in the place of what was confirmed before.

        Raises Conflict where somebody else confirms it at the same time.
        """
        self._remove(organisation, partner)
        try:
            self._work.execute(
                insert(ContractRow).values(
                    organisation_id=organisation,
                    partner=partner,
                    covers=covers,
                    reference=reference,
                    confirmed_at=now,
                    confirmed_by=actor,
                )
            )
        except IntegrityError as error:
            raise Conflict("It was confirmed just now by somebody else.") from error

    def withdraw(self, organisation: OrganisationId, partner: str) -> None:
        """From now on nothing is sent. Raises NotFound where nothing was confirmed."""
        if not self._remove(organisation, partner):
            raise NotFound("This contract is not confirmed.")

    def _remove(self, organisation: OrganisationId, partner: str) -> bool:
        removed = self._work.execute(
            delete(ContractRow)
            .where(ContractRow.organisation_id == organisation, ContractRow.partner == partner)
            .returning(ContractRow.partner)
        )
        return removed.first() is not None
