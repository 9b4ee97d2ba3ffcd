"""Where in a video something was found, and how much of each side: for records and for tables."""

from typing import Protocol

from amparo.interfaces.cli.output import Record

WIDTHS = {"seconds": 9, "listed": 9, "percent": 7}
"""Columns of a table: seconds of the upload, of the listed video, and the shares of both."""

FIELDS = (
    "last_seconds", "listed_seconds", "listed_last_seconds", "query_percent", "listed_percent",
)  # fmt: skip


class Shares(Protocol):
    """How much of what was looked up matched, how much of a listed video, and where in that."""

    @property
    def last_seconds(self) -> float | None:
        """Of the last frame looked up that matched."""

    @property
    def listed_seconds(self) -> float | None:
        """Of the listed video's first frame that matched."""

    @property
    def listed_last_seconds(self) -> float | None:
        """Of its last one."""

    @property
    def query_percent(self) -> float | None:
        """How much of what was looked up matched."""

    @property
    def listed_percent(self) -> float | None:
        """How much of the listed video did."""


def shares_of(found: Shares) -> dict[str, float | None]:
    """The fields of a record, as exact as anybody needs them."""
    return {
        "last_seconds": _rounded(found.last_seconds, 3),
        "listed_seconds": _rounded(found.listed_seconds, 3),
        "listed_last_seconds": _rounded(found.listed_last_seconds, 3),
        "query_percent": _rounded(found.query_percent, 1),
        "listed_percent": _rounded(found.listed_percent, 1),
    }


def in_table(record: Record) -> Record:
    """The record with its spans and shares in words: 0–4 of 4–8, and 100/28 percent."""
    shares = [record.get("query_percent"), record.get("listed_percent")]
    return {
        **record,
        "seconds": _span(record.get("seconds"), record.get("last_seconds")),
        "listed": _span(record.get("listed_seconds"), record.get("listed_last_seconds")),
        "percent": None if None in shares else "/".join(f"{each:.0f}" for each in shares),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _span(first: object, last: object) -> str | None:
    """From when to when, in seconds that a person reads."""
    if not isinstance(first, float | int):
        return None
    begin = f"{round(first, 1):g}"
    end = f"{round(last, 1):g}" if isinstance(last, float | int) else begin
    return begin if begin == end else f"{begin}–{end}"
