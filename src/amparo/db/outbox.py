"""What must still be done about something on record: written with it, taken in batches later."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, Index, String, insert, text
from sqlalchemy.orm import Mapped, mapped_column

from amparo.core.ids import OrganisationId, new_id
from amparo.db.database import Work
from amparo.db.ready import Ready
from amparo.db.tables import Row, UtcTime


class OutboxRow(Row):
    """One thing to do, until it is done."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_undone",
            "kind",
            "id",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(50))
    subject_id: Mapped[UUID]
    payload: Mapped[dict[str, object]] = mapped_column(JSON)
    written_at: Mapped[datetime] = mapped_column(UtcTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcTime)


def put(
    work: Work,
    organisation: OrganisationId,
    kind: str,
    subject: UUID,
    payload: dict[str, object],
    now: datetime,
) -> None:
    """Have `kind` of work done about `subject`, once `work` is committed."""
    _PUT.run(
        work,
        {
            "id": new_id(),
            "organisation_id": organisation,
            "kind": kind,
            "subject_id": subject,
            "payload": payload,
            "written_at": now,
        },
    )


_PUT = Ready(
    insert(OutboxRow), "id", "organisation_id", "kind", "subject_id", "payload", "written_at"
)
