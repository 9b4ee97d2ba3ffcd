"""Write an entry of the audit trail, as part of the transaction that it is about."""

from datetime import datetime

from sqlalchemy import insert

from amparo.access.audit.tables import EntryRow
from amparo.core.ids import OrganisationId, new_id
from amparo.db import Work
from amparo.db.ready import Ready

_ADD = Ready(
    insert(EntryRow), "id", "organisation_id", "at", "actor", "action", "subject", "detail"
)


def record(
    work: Work,
    organisation: OrganisationId,
    *,
    actor: str,
    action: str,
    subject: str,
    now: datetime,
    detail: dict[str, object] | None = None,
) -> None:
    """`action` is a verb behind the feature's name, such as `lists.add`; no media, no hashes."""
    _ADD.run(
        work,
        {
            "id": new_id(),
            "organisation_id": organisation,
            "at": now,
            "actor": actor,
            "action": action,
            "subject": subject,
            "detail": detail or {},
        },
    )
