"""What restores of a backup have cut off the audit trail's end, as the trail itself says."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from amparo.access.audit.tables import EntryRow
from amparo.db import Work

RESTORED = "backup.restore"
"""The audit trail's word for a restore."""


@dataclass(slots=True)
class Loss:
    """Entries after `position` were lost at `at`, to a backup of `backup_of`; `count` known of."""

    position: int
    at: datetime
    backup_of: datetime
    count: int = 0

    def explains(self, position: int, at: datetime) -> bool:
        """Whether a checkpoint elsewhere, signed at that time, is of what was lost."""
        if position <= self.position or at > self.at:
            return False
        self.count = max(self.count, position - self.position)
        return True

    def __str__(self) -> str:
        return (
            f"{self.count} entries after entry {self.position} were lost by the restore on record "
            f"at {self.at.isoformat(' ', 'seconds')}, from a backup of "
            f"{self.backup_of.isoformat(' ', 'seconds')}."
        )


def losses(work: Work) -> list[Loss]:
    """One a restore, the earliest first."""
    rows = work.execute(
        select(EntryRow.at, EntryRow.detail)
        .where(EntryRow.action == RESTORED)
        .order_by(EntryRow.id)
    )
    found = {
        str(detail["epoch"]): Loss(
            int(str(detail["position"])), at, datetime.fromisoformat(str(detail["backup_of"]))
        )
        for at, detail in rows
    }
    return list(found.values())
