"""How far each witness was told, and since when it takes nothing: on record for `amparo doctor`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from amparo.access.audit.tables import WitnessRow
from amparo.db import Database, Work

_MOST_LETTERS = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """A witness as it stands; `refused` is whether it knows of another trail."""

    name: str
    position: int
    told_at: datetime | None
    failing_since: datetime | None
    failure: str
    refused: bool


def note_told(work: Work, witness: str, position: int, now: datetime) -> None:
    """It has taken the checkpoint of this position. That it once refused is not forgotten."""
    values = {"position": position, "told_at": now, "failing_since": None, "failure": ""}
    before = _standing(work, witness)
    if before is not None and before.refused:
        values = {"position": position, "told_at": now}
    _write(work, witness, is_new=before is None, **values)


def note_failed(work: Work, witness: str, why: str, now: datetime, *, refused: bool) -> None:
    """It was not told, or refuses what it was told."""
    before = _standing(work, witness)
    if before is not None and before.refused and not refused:
        return
    since = now if before is None or before.failing_since is None else before.failing_since
    values = {"failing_since": since, "failure": why[:_MOST_LETTERS], "refused": refused}
    _write(work, witness, is_new=before is None, **values)


def forget_refusals(database: Database, witnesses: Collection[str]) -> None:
    """All that these were told is on record: what one of them refused was not this trail."""
    with database.reading() as work:
        refused = [each.name for each in standings(work) if each.refused]
    for each in set(refused).intersection(witnesses):
        with database.work() as work:
            _write(work, each, is_new=False, refused=False, failing_since=None, failure="")


def standings(work: Work) -> tuple[Standing, ...]:
    """All that were ever told."""
    rows = work.execute(select(WitnessRow.__table__).order_by(WitnessRow.name))
    return tuple(Standing(**row) for row in rows.mappings())


def _standing(work: Work, witness: str) -> Standing | None:
    return next((each for each in standings(work) if each.name == witness), None)


def _write(work: Work, witness: str, *, is_new: bool, **values: object) -> None:
    if is_new:
        unsaid = {"position": 0, "told_at": None, "failing_since": None, "failure": "",
                  "refused": False}  # fmt: skip
        work.execute(insert(WitnessRow).values(name=witness, **(unsaid | values)))
    else:
        work.execute(update(WitnessRow).where(WitnessRow.name == witness).values(**values))
