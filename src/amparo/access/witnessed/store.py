"""Others' trails on record: found, begun, continued, and listed."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, Select, func, insert, select

from amparo.access.audit.checkpoint import Checkpoint
from amparo.access.witnessed.model import Contradiction, Trail, TrailId, Witnessed
from amparo.access.witnessed.tables import TrailRow, WitnessedRow
from amparo.core.ids import OrganisationId, new_id
from amparo.db import UtcTime, Work


class Trails:
    """What an organisation witnesses."""

    def __init__(self, work: Work, organisation: OrganisationId) -> None:
        self._work = work
        self._organisation = organisation

    def find(self, name: str) -> Trail | None:
        """The trail that is told under this name."""
        row = self._work.execute(
            select(TrailRow.id, TrailRow.name, TrailRow.public_key, TrailRow.first_at).where(
                TrailRow.organisation_id == self._organisation, TrailRow.name == name
            )
        ).one_or_none()
        return row and Trail(TrailId(row.id), row.name, row.public_key, row.first_at)

    def begin(self, name: str, public_key: bytes, now: datetime) -> Trail:
        """A trail at first contact."""
        trail = Trail(TrailId(new_id()), name, public_key, now)
        self._work.execute(
            insert(TrailRow).values(
                id=trail.id, organisation_id=self._organisation, name=name,
                public_key=public_key, first_at=now,
            )
        )  # fmt: skip
        return trail

    def at(self, trail: Trail, position: int) -> tuple[Witnessed, ...]:
        """All that was told of an entry, contradictions too."""
        here = _of(trail).where(WitnessedRow.position == position)
        return tuple(_witnessed(row) for row in self._work.execute(here).mappings())

    def was_longer(self, trail: Trail, said: Checkpoint) -> bool:
        """Whether the trail was told to be longer before this was sealed."""
        longer = _of(trail).where(
            WitnessedRow.contradiction.is_(None),
            WitnessedRow.position > said.position,
            WitnessedRow.at < said.at,
        )
        return self._work.execute(longer.limit(1)).first() is not None

    def keep(
        self,
        trail: Trail,
        public_key: bytes,
        said: Checkpoint,
        contradiction: Contradiction | None,
        now: datetime,
    ) -> Witnessed:
        """Put on record what was told."""
        witnessed = Witnessed(new_id(), trail.name, public_key, said, now, contradiction)
        self._work.execute(
            insert(WitnessedRow).values(
                id=witnessed.id, trail_id=trail.id, public_key=public_key, received_at=now,
                position=said.position, at=said.at, digest=said.digest, root=said.root,
                signature=said.signature, contradiction=contradiction,
            )
        )  # fmt: skip
        return witnessed

    def silent(self, since: datetime) -> tuple[tuple[str, datetime], ...]:
        """The trails of which nothing was told since then, by name, and when it was last."""
        last = func.max(WitnessedRow.received_at, type_=UtcTime())
        rows = self._work.execute(
            select(TrailRow.name, last)
            .join(WitnessedRow, WitnessedRow.trail_id == TrailRow.id)
            .where(TrailRow.organisation_id == self._organisation)
            .group_by(TrailRow.name)
            .having(last < since)
            .order_by(TrailRow.name)
        )
        return tuple((name, at) for name, at in rows)

    def contradictions(self, trail: Trail | None = None) -> int:
        """How many there are, of a trail or of all."""
        asked = (
            select(func.count())
            .select_from(WitnessedRow)
            .join(TrailRow, TrailRow.id == WitnessedRow.trail_id)
            .where(
                TrailRow.organisation_id == self._organisation,
                WitnessedRow.contradiction.is_not(None),
            )
        )
        if trail is not None:
            asked = asked.where(WitnessedRow.trail_id == trail.id)
        return int(self._work.execute(asked).scalar_one())

    def told(
        self, name: str | None, *, after: UUID | None, contradicting: bool, limit: int
    ) -> tuple[Witnessed, ...]:
        """In the order in which it was received, of a trail or of all."""
        asked = _all().where(TrailRow.organisation_id == self._organisation)
        if name is not None:
            asked = asked.where(TrailRow.name == name)
        if after is not None:
            asked = asked.where(WitnessedRow.id > after)
        if contradicting:
            asked = asked.where(WitnessedRow.contradiction.is_not(None))
        rows = self._work.execute(asked.order_by(WitnessedRow.id).limit(limit))
        return tuple(_witnessed(row) for row in rows.mappings())


def fits(said: Checkpoint, known: Iterable[Checkpoint]) -> bool:
    """Whether the same chain was told for the same entry."""
    return all((each.digest, each.root) == (said.digest, said.root) for each in known)


def _all() -> Select[tuple[object, ...]]:
    return select(WitnessedRow.__table__, TrailRow.name).join(
        TrailRow, TrailRow.id == WitnessedRow.trail_id
    )


def _of(trail: Trail) -> Select[tuple[object, ...]]:
    return _all().where(WitnessedRow.trail_id == trail.id)


def _witnessed(row: RowMapping) -> Witnessed:
    found = row["contradiction"]
    return Witnessed(
        id=row["id"],
        trail=row["name"],
        public_key=row["public_key"],
        checkpoint=Checkpoint(
            row["position"], row["at"], row["digest"], row["root"], row["signature"]
        ),
        received_at=row["received_at"],
        contradiction=None if found is None else Contradiction(found),
    )
