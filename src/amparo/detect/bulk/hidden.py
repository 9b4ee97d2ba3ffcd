"""What keeps matches out of a look-back, remembered so that the next one knows if less does.

A negative entry that ended, a radius that was raised or a signal that was disabled for a while show
matches that no revision of the list tells of.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy import func, or_, select

from amparo.db import Work
from amparo.detect.lists.model import SignalList
from amparo.detect.lists.store import is_live, is_published, is_withdrawn
from amparo.detect.lists.tables import SignalRow


@dataclass(frozen=True, slots=True)
class Hidden:
    """By what a list was searched. `terms` are the list's own, `negative` those of each other.

    `ended` counts the entries of negative lists that suppress nothing any more. At `until` a signal
    of the list counts that is disabled now.
    """

    terms: str
    negative: Mapping[str, str]
    ended: int
    until: datetime | None = None

    def may_show(self, before: "Hidden", now: datetime) -> bool:
        """Whether something may be found now that was hidden `before`."""
        return (
            self.terms != before.terms
            or any(self.negative.get(number) != terms for number, terms in before.negative.items())
            or self.ended > before.ended
            or (before.until is not None and before.until <= now)
        )

    def as_json(self) -> dict[str, object]:
        """As it is kept."""
        until = None if self.until is None else self.until.isoformat()
        return {"terms": self.terms, "negative": dict(self.negative), "ended": self.ended,
                "until": until}  # fmt: skip

    @classmethod
    def of_json(cls, known: Mapping[str, object]) -> Self:
        """As it was kept."""
        negative, ended, until = known["negative"], known["ended"], known["until"]
        assert isinstance(negative, dict)
        assert isinstance(ended, int)
        return cls(
            str(known["terms"]),
            negative,
            ended,
            None if until is None else datetime.fromisoformat(str(until)),
        )


def gather_hidden(
    work: Work, searched: Sequence[SignalList], negative: Sequence[SignalList], now: datetime
) -> dict[int, Hidden]:
    """What hides matches of each list that is searched, by its number."""
    terms = {str(each.number): _terms(each) for each in negative}
    ended = _ended(work, negative, now)
    until = _until(work, searched, now)
    return {
        each.number: Hidden(_terms(each), terms, ended, until.get(each.number)) for each in searched
    }


def _terms(known: SignalList) -> str:
    rules = [[rule.query_percent, rule.listed_percent] for rule in known.video_rules]
    return json.dumps([known.radius_bits, known.minimum_quality, known.enabled_share, rules])


def _ended(work: Work, lists: Iterable[SignalList], now: datetime) -> int:
    numbers = [each.number for each in lists]
    if not numbers:
        return 0
    counted = select(func.count()).where(
        SignalRow.list_number.in_(numbers),
        is_published(),
        or_(is_withdrawn(), SignalRow.expires <= now),
    )
    return int(work.execute(counted).scalar_one())


def _until(work: Work, lists: Iterable[SignalList], now: datetime) -> dict[int, datetime]:
    numbers = [each.number for each in lists]
    rows = work.execute(
        select(SignalRow.list_number, func.min(SignalRow.not_before))
        .where(SignalRow.list_number.in_(numbers), SignalRow.not_before > now, is_live())
        .group_by(SignalRow.list_number)
    )
    return {number: until for number, until in rows if until is not None}
