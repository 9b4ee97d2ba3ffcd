"""The numbers of signals by the ids that their own list gives them, such as `words.csv:2`."""

from collections.abc import Sequence

from sqlalchemy import select

from amparo.core.errors import Conflict, NotFound
from amparo.core.ids import SignalNumber
from amparo.db import Work
from amparo.detect.lists.model import SignalList
from amparo.detect.lists.store import is_live
from amparo.detect.lists.tables import SignalRow

_MOST_NAMED = 100
_LONGEST_NUMBER = 18
"""More digits no database's number has."""


def numbers_of(work: Work, of: SignalList, given: Sequence[str]) -> tuple[SignalNumber, ...]:
    """What each of `given` stands for, once each: a number for itself, all else as an id.

    Raises NotFound where no signal of the list has an id, Conflict where several have it.
    """
    found = (_number(work, of, each) for each in dict.fromkeys(given))
    return tuple(dict.fromkeys(found))


def _number(work: Work, of: SignalList, given: str) -> SignalNumber:
    if given.isascii() and given.isdecimal() and len(given) <= _LONGEST_NUMBER:
        return SignalNumber(int(given))
    rows = work.execute(
        select(SignalRow.number, SignalRow.algorithm)
        .where(SignalRow.list_number == of.number, SignalRow.source_id == given, is_live())
        .order_by(SignalRow.number)
    ).all()
    if not rows:
        raise NotFound(
            f"No signal of the list {of.name!r} has the id {given!r}; `amparo lists export "
            f"{of.name}` writes their ids."
        )
    if len(rows) > 1:
        named = ", ".join(f"{row.number} ({row.algorithm})" for row in rows[:_MOST_NAMED])
        more = f" and {len(rows) - _MOST_NAMED} more" if len(rows) > _MOST_NAMED else ""
        raise Conflict(
            f"{len(rows)} signals of the list {of.name!r} have the id {given!r}: {named}{more}. "
            "Say which by their numbers."
        )
    return SignalNumber(rows[0].number)
