"""Which installation a database is: its keys, by their fingerprints, and its epoch.

Each restore of a backup begins an epoch. What was made from the database in another one, such as a
host's index, belongs to a past that does not exist any more. A database that was restored as a
drill decides, and tells nobody.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import String, false, func, select, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.elements import KeyedColumnElement

from amparo.access.tables import OrganisationRow
from amparo.core.errors import Conflict
from amparo.db import Work
from amparo.db.ready import Ready
from amparo.db.tables import Row, UtcTime


class KeyName(StrEnum):
    """A key that lies apart from the database, and without which part of it is of no use."""

    VAULT = "vault"
    ACCESS = "access"
    AUDIT = "audit"


class InstallationRow(Row):
    """The installation; its one row is made with the table.

    `restored_from` is when the backup was made from which it was restored last, and `is_drill`
    whether only to see that this can be done.
    """

    __tablename__ = "installation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    epoch: Mapped[UUID]
    backed_up_at: Mapped[datetime | None] = mapped_column(UtcTime)
    restored_at: Mapped[datetime | None] = mapped_column(UtcTime)
    restored_from: Mapped[datetime | None] = mapped_column(UtcTime)
    vault_key: Mapped[str | None] = mapped_column(String(64))
    access_key: Mapped[str | None] = mapped_column(String(64))
    audit_key: Mapped[str | None] = mapped_column(String(64))
    is_drill: Mapped[bool] = mapped_column(server_default=false())


_EPOCH = Ready(select(InstallationRow.epoch))


@dataclass(frozen=True, slots=True)
class Installation:
    """What is on record of it; `keys` are fingerprints of those that it was written with."""

    id: UUID
    epoch: UUID
    backed_up_at: datetime | None
    restored_at: datetime | None
    restored_from: datetime | None
    keys: dict[KeyName, str]
    is_drill: bool


def installation(work: Work) -> Installation:
    """The one that this database is."""
    row = work.execute(select(InstallationRow.__table__)).mappings().one()
    known = {name: row[column_of(name).name] for name in KeyName}
    return Installation(
        row["id"],
        row["epoch"],
        row["backed_up_at"],
        row["restored_at"],
        row["restored_from"],
        {name: found for name, found in known.items() if found is not None},
        row["is_drill"],
    )


def without_backup_since(work: Work) -> datetime | None:
    """When the last one was made, or else the first organisation; None while there is nothing."""
    began = select(func.min(OrganisationRow.created_at))
    return installation(work).backed_up_at or work.execute(began).scalar()


def epoch(work: Work) -> UUID:
    """The present one."""
    ((found,),) = _EPOCH.rows(work, {})
    assert isinstance(found, UUID)
    return found


def put_key(work: Work, name: KeyName, fingerprint: str | None) -> None:
    """Which key it is written with from now on; None where that is open."""
    work.execute(update(InstallationRow).values({column_of(name): fingerprint}))


def put_backup(work: Work, at: datetime) -> None:
    """A backup of what was on record at `at` is complete."""
    work.execute(update(InstallationRow).values(backed_up_at=at))


def begin_epoch(
    work: Work, new: UUID, *, backup_of: datetime, now: datetime, is_drill: bool
) -> None:
    """It was restored, for good or as a drill."""
    work.execute(
        update(InstallationRow).values(
            epoch=new,
            backed_up_at=backup_of,
            restored_at=now,
            restored_from=backup_of,
            is_drill=is_drill,
        )
    )


def is_drill(work: Work) -> bool:
    """Whether this database tells nobody: no webhook, no witness, no second address."""
    return work.execute(select(InstallationRow.is_drill)).scalar_one()


def require_no_drill(work: Work) -> None:
    """Raises Conflict in a database that tells nobody."""
    if is_drill(work):
        raise Conflict(
            "This database is a drill, which tells nobody: nothing is sent from it. Do that where "
            "Amparo serves for good."
        )


def column_of(name: KeyName) -> KeyedColumnElement[Any]:
    """Where the key's fingerprint is kept."""
    return InstallationRow.__table__.c[f"{name.value}_key"]
