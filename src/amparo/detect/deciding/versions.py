"""The versions of a policy: saved for good; one of them holds, and one may run in its shadow."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, Uuid, bindparam, func, insert, select, text, update

from amparo.core.errors import NotFound
from amparo.core.ids import MediaId, OrganisationId, new_id
from amparo.db import Work
from amparo.db.ready import Ready
from amparo.detect.deciding.model import Action, Shadow
from amparo.detect.deciding.policy import DEFAULT_POLICY, checked_policy
from amparo.detect.deciding.tables import DecisionRow, PolicyRow, PolicyStandingRow

DEFAULT_VERSION = 0
"""The version that decisions by the default policy name."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a policy."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Saved:
    """When a version was saved, and by whom."""

    number: int
    saved_at: datetime
    saved_by: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The version that holds, and the one that runs in its shadow."""

    live: Version
    shadow: Version | None = None


@dataclass(frozen=True, slots=True)
class Differing:
    """An upload on which the version in the shadow would have decided otherwise."""

    media_id: MediaId
    action: Action
    shadow: Shadow


_ORGANISATION = bindparam("organisation", type_=Uuid())
_STANDING = Ready(
    select(PolicyStandingRow.live, PolicyStandingRow.shadow).where(
        PolicyStandingRow.organisation_id == _ORGANISATION
    )
)
_TEXT = Ready(
    select(PolicyRow.text).where(
        PolicyRow.organisation_id == _ORGANISATION,
        PolicyRow.version == bindparam("version", type_=Integer()),
    )
)


class Policies:
    """The versions of the organisations' policies, as one unit of work sees them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def standing(self, organisation: OrganisationId) -> Standing:
        """What holds now, and what runs beside it."""
        found = _STANDING.rows(self._work, {"organisation": organisation})
        if not found:
            return Standing(Version(DEFAULT_VERSION, DEFAULT_POLICY))
        ((live, shadow),) = found
        return Standing(
            self.get(organisation, live),
            None if shadow is None else self.get(organisation, shadow),
        )

    def get(self, organisation: OrganisationId, number: int) -> Version:
        """A version; the default is number 0. Raises NotFound."""
        if number == DEFAULT_VERSION:
            return Version(DEFAULT_VERSION, DEFAULT_POLICY)
        found = _TEXT.rows(self._work, {"organisation": organisation, "version": number})
        if not found:
            raise NotFound(f"There is no version {number} of the policy.")
        return Version(number, found[0][0])

    def all(self, organisation: OrganisationId) -> tuple[Saved, ...]:
        """What was saved, the newest first; the default is not among it."""
        rows = self._work.execute(
            select(PolicyRow.version, PolicyRow.saved_at, PolicyRow.saved_by)
            .where(PolicyRow.organisation_id == organisation)
            .order_by(PolicyRow.version.desc())
        )
        return tuple(Saved(*row) for row in rows)

    def save(self, organisation: OrganisationId, text: str, *, actor: str, now: datetime) -> int:
        """Keep a policy as a version of its own; its number. Raises BadPolicy."""
        checked_policy(text)
        self._work.execute(_BEGIN, {"organisation": organisation})
        number = self._work.execute(
            update(PolicyStandingRow)
            .where(PolicyStandingRow.organisation_id == organisation)
            .values(newest=PolicyStandingRow.newest + 1)
            .returning(PolicyStandingRow.newest)
        ).scalar_one()
        self._work.execute(
            insert(PolicyRow).values(
                id=new_id(),
                organisation_id=organisation,
                version=number,
                text=text,
                saved_at=now,
                saved_by=actor,
            )
        )
        return number

    def activate(self, organisation: OrganisationId, number: int) -> None:
        """Have a version hold from now on; it runs in no shadow any more. Raises NotFound."""
        self.get(organisation, number)
        self._set(organisation, live=number)
        self._work.execute(
            update(PolicyStandingRow)
            .where(
                PolicyStandingRow.organisation_id == organisation,
                PolicyStandingRow.shadow == number,
            )
            .values(shadow=None)
        )

    def run_in_shadow(self, organisation: OrganisationId, number: int | None) -> None:
        """Have a version, or none, decide beside the one that holds. Raises NotFound."""
        if number is not None:
            self.get(organisation, number)
        self._set(organisation, shadow=number)

    def compared(self, organisation: OrganisationId, number: int) -> Counter[tuple[Action, Action]]:
        """How many uploads went from which action to which, while a version ran in the shadow."""
        rows = self._work.execute(
            select(DecisionRow.action, DecisionRow.shadow_action, func.count())
            .where(
                DecisionRow.organisation_id == organisation, DecisionRow.shadow_version == number
            )
            .group_by(DecisionRow.action, DecisionRow.shadow_action)
        )
        return Counter({(Action(live), Action(str(shadow))): count for live, shadow, count in rows})

    def differing(
        self, organisation: OrganisationId, number: int, *, limit: int
    ) -> tuple[Differing, ...]:
        """The newest uploads on which a version that ran in the shadow decided otherwise."""
        rows = self._work.execute(
            select(
                DecisionRow.media_id,
                DecisionRow.action,
                DecisionRow.shadow_action,
                DecisionRow.shadow_rules,
                DecisionRow.shadow_broken,
            )
            .where(
                DecisionRow.organisation_id == organisation,
                DecisionRow.shadow_version == number,
                DecisionRow.shadow_action != DecisionRow.action,
            )
            .order_by(DecisionRow.id.desc())
            .limit(limit)
        )
        return tuple(
            Differing(
                MediaId(media_id),
                Action(live),
                Shadow(number, Action(str(shadow)), tuple(rules or ()), tuple(broken or ())),
            )
            for media_id, live, shadow, rules, broken in rows
        )

    def _set(self, organisation: OrganisationId, **values: int | None) -> None:
        self._work.execute(_BEGIN, {"organisation": organisation})
        self._work.execute(
            update(PolicyStandingRow)
            .where(PolicyStandingRow.organisation_id == organisation)
            .values(**values)
        )


_BEGIN = text(
    "INSERT INTO policy_standing (organisation_id, newest, live) VALUES (:organisation, 0, 0) "
    "ON CONFLICT DO NOTHING"
).bindparams(bindparam("organisation", type_=Uuid()))
