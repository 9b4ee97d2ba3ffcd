"""Change what a list is called and how often it counts, and remove it."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from amparo.core.errors import Conflict, Invalid
from amparo.core.ids import SignalNumber
from amparo.db import Work
from amparo.detect.lists.model import SignalList, VideoRule, checked_name
from amparo.detect.lists.store import begin_change, is_live
from amparo.detect.lists.tables import ContentRow, ListRow, SignalRow


def rename(work: Work, of: SignalList, name: str) -> None:
    """Raises Invalid, and Conflict where the organisation has that name already."""
    try:
        work.execute(
            update(ListRow).where(ListRow.number == of.number).values(name=checked_name(name))
        )
    except IntegrityError as error:
        raise Conflict(f"There is a list {name!r} already.") from error


def set_share(work: Work, of: SignalList, share: float) -> None:
    """For which share of uploads the list counts, from 0 to 1. Raises Invalid."""
    if not 0 <= share <= 1:
        raise Invalid("A list counts for a share of uploads from 0 to 1.")
    work.execute(update(ListRow).where(ListRow.number == of.number).values(enabled_share=share))


def set_video_rules(work: Work, of: SignalList, rules: tuple[VideoRule, ...]) -> None:
    """When a video matches one on the list."""
    written = [[each.query_percent, each.listed_percent] for each in rules]
    work.execute(update(ListRow).where(ListRow.number == of.number).values(video_rules=written))


def remove(work: Work, of: SignalList, now: datetime) -> None:
    """From now on nothing matches it, and its name is free; decisions still find its number."""
    work.execute(
        update(ListRow)
        .where(ListRow.number == of.number, ListRow.removed_at.is_(None))
        .values(removed_at=now, name=f"{of.name[:75]}~{of.number}")
    )
    work.execute(delete(ContentRow).where(ContentRow.list_number == of.number))


def withdraw_some(work: Work, of: SignalList, most: int, *, actor: str, now: datetime) -> int:
    """Withdraw up to so many signals of a removed list; how many there were."""
    numbers = [
        SignalNumber(each)
        for each in work.execute(
            select(SignalRow.number)
            .where(SignalRow.list_number == of.number, is_live())
            .limit(most)
        ).scalars()
    ]
    if numbers:
        change = begin_change(work, of, actor, now)
        work.execute(
            update(SignalRow)
            .where(SignalRow.number.in_(numbers))
            .values(withdrawn_by=change.number)
        )
    return len(numbers)
