"""What restores of a backup have cut off the trail's end: what each may explain, and to whom.

Who can write the database can write that it was restored, and the sealer seals that. So the trail
never proves a restore: whoever verifies must say which ones they made, by their ids. Even then a
restore explains only so much. A checkpoint that a witness was told, and that is not on record, was
lost by it where all of this holds:

- its entry is sealed, behind the entry that it says the backup's trail was sealed up to, and a
  checkpoint on record ends there, unless the backup's trail was empty;
- its time is not to come, and not after its id was made, so that nobody can use an id again later;
- the checkpoint's position is that of the restore's entry or behind it: all before it came with the
  backup, and must be on record as it was told;
- the checkpoint was signed after the backup's last one and before the restore, and at most a minute
  before the backup was begun, since the clocks of hosts differ.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from amparo.access.audit.checkpoint import Checkpoint, TamperedError
from amparo.access.audit.tables import EntryRow
from amparo.core.ids import milliseconds_of
from amparo.db import Work

RESTORED = "backup.restore"
"""The audit trail's word for a restore."""

_FIRST = datetime.min.replace(tzinfo=UTC)
_CLOCKS_DIFFER = timedelta(minutes=1)
_MOST_BETWEEN_MS = 1000  # the entry's time and its id's are taken one after the other


@dataclass(frozen=True, slots=True)
class Restore:
    """What an entry says; `position` is the backup's, `place` its own, None until it is sealed.

    `id` is the epoch that the restore began.
    """

    id: UUID
    at: datetime
    backup_of: datetime
    position: int
    place: int | None

    def __str__(self) -> str:
        return (
            f"the restore {self.id} at {self.at.isoformat(' ', 'seconds')}, from a backup of "
            f"{self.backup_of.isoformat(' ', 'seconds')} with {self.position} sealed entries"
        )


@dataclass(slots=True)
class Loss:
    """What a restore has lost of what was signed since `since`.

    Entries after `position` are lost, up to `last` as far as witnesses know; `is_said` is whether
    whoever verifies says that they made the restore.
    """

    restore: Restore
    position: int
    since: datetime
    is_said: bool
    last: int = 0

    @property
    def count(self) -> int:
        """How many entries witnesses know of."""
        return max(0, self.last - self.position)

    def explains(self, said: Checkpoint) -> bool:
        """Whether a checkpoint that is not on record is of what was lost."""
        return said.position > self.position and self.since <= said.at <= self.restore.at

    def __str__(self) -> str:
        return f"{self.count} entries after entry {self.position} were lost by {self.restore}."


class Losses:
    """All that the restores on record may explain, and what they had to."""

    def __init__(
        self,
        restores: Sequence[Restore],
        signed: Mapping[int, datetime],
        made: Collection[UUID],
        now: datetime,
    ) -> None:
        """`signed` is when each checkpoint was; `made` are the restores that are said to be so."""
        self._restores = restores
        self._made = made
        found = [
            Loss(each, each.place - 1, _since(each, signed), each.id in made)
            for each in restores
            if each.place is not None and _fits(each, each.place, signed, now)
        ]
        self._losses = sorted(found, key=lambda each: not each.is_said)

    def explain(self, said: Checkpoint) -> bool:
        """Whether a restore has lost what is not on record; it is counted then."""
        for each in self._losses:
            if each.explains(said):
                each.last = max(each.last, said.position)
                return True
        return False

    @property
    def why_not(self) -> str:
        """What is to be said of restores where none explains it; begins with a space."""
        known = {each.id: each for each in self._restores}
        said = [_not_on_record(each) for each in self._made if each not in known]
        for each in known.values():
            if each.place is None:
                said.append(
                    f"The restore {each.id} is not sealed yet, and explains nothing before: start "
                    "`amparo serve`, and verify again."
                )
            elif each.id in self._made:
                said.append(f"The restore {each.id} does not explain that.")
        return "".join(f" {each}" for each in said)

    def settled(self) -> tuple[Loss, ...]:
        """What was lost. Raises TamperedError where nobody says that they made that restore."""
        lost = [each for each in self._losses if each.count]
        if unsaid := [each for each in lost if not each.is_said]:
            raise TamperedError(
                " ".join(
                    f"A witness knows of {each.count} entries after entry {each.position} that are "
                    f"not on record. There is an entry that says that they were lost by "
                    f"{each.restore}; anybody who can write the database can make such an entry. "
                    f"If you made that restore, say so with --restored {each.restore.id}; if not, "
                    "the end was cut off."
                    for each in unsaid
                )
            )
        known = [each.id for each in self._restores]
        for made in self._made:
            if made not in known:
                raise TamperedError(_not_on_record(made))
        return tuple(lost)


def restores(work: Work) -> list[Restore]:
    """As the entries say, the first in the trail first and those that wait last; one for an id."""
    rows = work.execute(
        select(EntryRow.at, EntryRow.detail, EntryRow.position)
        .where(EntryRow.action == RESTORED)
        .order_by(EntryRow.position.is_(None), EntryRow.position, EntryRow.id)
    )
    found: dict[UUID, Restore] = {}
    for at, detail, place in rows:
        restore = _restore(at, detail, place)
        if restore is not None:
            found.setdefault(restore.id, restore)
    return list(found.values())


def _restore(at: datetime, detail: Any, place: int | None) -> Restore | None:
    """None where it is no entry that Amparo writes."""
    try:
        backup_of = datetime.fromisoformat(detail["backup_of"])
        position = detail["position"]
        epoch = UUID(detail["epoch"])
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
    if type(position) is not int or backup_of.tzinfo is None:
        return None
    return Restore(epoch, at, backup_of, position, place)


def _fits(restore: Restore, place: int, signed: Mapping[int, datetime], now: datetime) -> bool:
    """Whether its time and its place can be those of a restore."""
    made_ms = milliseconds_of(restore.id)
    if made_ms is None or restore.at.timestamp() * 1000 > made_ms + _MOST_BETWEEN_MS:
        return False
    ends_there = restore.position == 0 or restore.position in signed
    return ends_there and restore.position < place and restore.at <= now


def _since(restore: Restore, signed: Mapping[int, datetime]) -> datetime:
    """What was signed before, and was longer than the backup's trail, was lost before."""
    begun = max(restore.backup_of, _FIRST + _CLOCKS_DIFFER) - _CLOCKS_DIFFER
    return max(begun, signed.get(restore.position, _FIRST))


def _not_on_record(made: UUID) -> str:
    return (
        f"No restore {made} is on record: the id is another one, a later restore has lost the "
        "entry, or somebody has."
    )
