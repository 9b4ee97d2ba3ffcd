"""Decisions on record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, insert, select

from amparo.core.errors import NotFound
from amparo.core.ids import DecisionId, MediaId, OrganisationId
from amparo.db import Work
from amparo.db.ready import Ready
from amparo.detect.deciding.model import Action, Decision, Shadow
from amparo.detect.deciding.tables import DecisionRow, MediaRow


@dataclass(frozen=True, slots=True, repr=False)
class RecordedMedia:
    """An upload on record."""

    id: MediaId
    organisation_id: OrganisationId
    arrived_at: datetime
    media_type: str
    size_bytes: int
    problem: str
    held_as: str | None


@dataclass(frozen=True, slots=True, repr=False)
class RecordedDecision:
    """A decision on record; `facts` is all that it was made upon.

    `shadow` is what another version of the policy would have done, where one ran beside it.
    """

    id: DecisionId
    media: RecordedMedia
    decided_at: datetime
    policy_version: int
    decision: Decision
    facts: dict[str, Any]
    shadow: Shadow | None = None


_ADD_MEDIA = Ready(insert(MediaRow), *MediaRow.__table__.columns.keys())
_ADD_DECISION = Ready(insert(DecisionRow), *DecisionRow.__table__.columns.keys())


class Decisions:
    """The decisions of all organisations, as one unit of work sees them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, one: RecordedDecision) -> None:
        """Put an upload and its decision on record."""
        media, decision, shadow = one.media, one.decision, one.shadow
        _ADD_MEDIA.run(
            self._work,
            {
                "id": media.id,
                "organisation_id": media.organisation_id,
                "arrived_at": media.arrived_at,
                "media_type": media.media_type,
                "size_bytes": media.size_bytes,
                "problem": media.problem,
                "held_as": media.held_as,
            },
        )
        _ADD_DECISION.run(
            self._work,
            {
                "id": one.id,
                "organisation_id": media.organisation_id,
                "media_id": media.id,
                "decided_at": one.decided_at,
                "action": decision.action.value,
                "queue": decision.queue,
                "priority": decision.priority,
                "blur": decision.blur,
                "policy_version": one.policy_version,
                "rules": list(decision.rules),
                "restrained": decision.restrained,
                "labels": list(decision.labels),
                "broken": list(decision.broken),
                "facts": one.facts,
                "shadow_version": shadow and shadow.version,
                "shadow_action": shadow and shadow.action.value,
                "shadow_rules": shadow and list(shadow.rules),
                "shadow_broken": shadow and list(shadow.broken),
            },
        )

    def get(self, organisation: OrganisationId, media: MediaId) -> RecordedDecision:
        """The decision on an upload of the organisation's. Raises NotFound."""
        asked = _joined().where(
            DecisionRow.organisation_id == organisation, DecisionRow.media_id == media
        )
        row = self._work.execute(asked).mappings().one_or_none()
        if row is None:
            raise NotFound("There is no such upload.")
        return _decision_of(row)

    def newest(
        self,
        organisation: OrganisationId,
        *,
        limit: int,
        before: UUID | None = None,
        action: Action | None = None,
    ) -> tuple[RecordedDecision, ...]:
        """Decisions made before one, the newest first."""
        asked = (
            _joined()
            .where(DecisionRow.organisation_id == organisation)
            .order_by(DecisionRow.id.desc())
            .limit(limit)
        )
        if before is not None:
            asked = asked.where(DecisionRow.id < before)
        if action is not None:
            asked = asked.where(DecisionRow.action == action.value)
        return tuple(_decision_of(row) for row in self._work.execute(asked).mappings())


def _joined() -> Any:
    return select(
        DecisionRow.__table__,
        MediaRow.arrived_at,
        MediaRow.media_type,
        MediaRow.size_bytes,
        MediaRow.problem,
        MediaRow.held_as,
    ).join(MediaRow, MediaRow.id == DecisionRow.media_id)


def _decision_of(columns: RowMapping) -> RecordedDecision:
    return RecordedDecision(
        id=DecisionId(columns["id"]),
        media=RecordedMedia(
            MediaId(columns["media_id"]),
            OrganisationId(columns["organisation_id"]),
            columns["arrived_at"],
            columns["media_type"],
            columns["size_bytes"],
            columns["problem"],
            columns["held_as"],
        ),
        decided_at=columns["decided_at"],
        policy_version=columns["policy_version"],
        decision=Decision(
            action=Action(columns["action"]),
            queue=columns["queue"],
            priority=columns["priority"],
            labels=tuple(columns["labels"]),
            notify=(),
            rules=tuple(columns["rules"]),
            restrained=columns["restrained"],
            broken=tuple(columns["broken"]),
            blur=columns["blur"],
        ),
        facts=columns["facts"],
        shadow=_shadow_of(columns),
    )


def _shadow_of(columns: RowMapping) -> Shadow | None:
    if columns["shadow_version"] is None:
        return None
    return Shadow(
        columns["shadow_version"],
        Action(columns["shadow_action"]),
        tuple(columns["shadow_rules"]),
        tuple(columns["shadow_broken"]),
    )
