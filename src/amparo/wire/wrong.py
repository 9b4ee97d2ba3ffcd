"""What is wrong with what somebody sent: which field and why, and nothing of what was in it."""

from collections.abc import Iterable, Mapping
from typing import Any

MOST_TOLD = 20

_WORDS = (
    ("Value error, ", ""),
    ("Tuple should", "List should"),
    ("Input should be a valid dictionary or object to extract fields from",
     "Input should be an object"),
)  # fmt: skip
"""The library's words for what it makes of what comes, and ours for what was to be sent."""


def told(errors: Iterable[Mapping[str, Any]], *, whole: str = "body") -> str:
    """The errors of a `ValidationError` in one line; `whole` names what is wrong as a whole.

    Of a list that is wrong since something in it is, only that is told.
    """
    by_place: dict[tuple[str, ...], str] = {}
    for each in errors:
        by_place.setdefault(tuple(map(str, each["loc"])), _plain(each["msg"]))
    inner = [
        (place, why)
        for place, why in by_place.items()
        if not any(_is_within(other, place) for other in by_place)
    ]
    return "; ".join(f"{'.'.join(place) or whole}: {why}" for place, why in inner[:MOST_TOLD])


def _is_within(inner: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _plain(said: str) -> str:
    for theirs, ours in _WORDS:
        said = said.replace(theirs, ours)
    return said
