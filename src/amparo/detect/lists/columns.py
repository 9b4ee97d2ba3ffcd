"""The columns of a list file: how each is read, and how its error is put."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from amparo.core.errors import Invalid
from amparo.detect.hashing.model import Algorithm
from amparo.detect.hashing.plug_ins import algorithm, algorithms
from amparo.detect.lists.forms import read_value
from amparo.detect.lists.model import Signal

COLUMNS = (
    "id",
    "algorithm",
    "value",
    "quality",
    "source",
    "labels",
    "classification",
    "confidence",
    "expires",
    "enabled_share",
    "note",
)
"""In the order in which they are written. Only `algorithm` and `value` are required."""

IGNORED = frozenset(
    {"path", "path_b64", "media_type", "frame", "frames", "seconds", "error", "message"}
)
"""What `amparo hash` says of the file that a hash is of; a list does not keep it."""

LABEL_SEPARATOR = "|"


class BadValue(Invalid):
    """A value that its column does not allow; `column` is the column's name."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


def checked_names(names: Sequence[str]) -> None:
    """Raises BadValue where one of `names` is no column of a list."""
    for name in names:
        if name not in COLUMNS and name not in IGNORED:
            raise BadValue(name, f"is not a column; the columns are {', '.join(COLUMNS)}")


def is_unhashed(fields: Mapping[str, object]) -> bool:
    """Whether a line is what `amparo hash` says of a file that has no hash."""
    return bool(fields.get("error")) and not fields.get("value")


def signal(fields: Mapping[str, object], *, default_id: str) -> Signal:
    """The signal in the `fields` of a line. Raises BadValue."""
    checked_names(list(fields))
    kind = _algorithm(fields)
    value, text = checked_value(_text(fields, "value"), kind)
    return Signal(
        id=_text(fields, "id") or default_id,
        algorithm=kind,
        value=value,
        quality=_quality(fields),
        source=_text(fields, "source"),
        labels=_labels(fields),
        classification=_text(fields, "classification"),
        confidence=_confidence(fields),
        expires=_expires(fields),
        enabled_share=_enabled_share(fields),
        note=_text(fields, "note"),
        text=text,
    )


def checked_value(text: str, kind: Algorithm) -> tuple[str, str]:
    """The digits and the text of a value. Raises BadValue, which does not repeat it."""
    try:
        return read_value(kind, text)
    except Invalid as error:
        raise BadValue("value", error.message) from error


def _algorithm(fields: Mapping[str, object]) -> Algorithm:
    name = _text(fields, "algorithm").lower()
    try:
        return algorithm(name)
    except Invalid:
        known = ", ".join(each.value for each in algorithms())
        raise BadValue("algorithm", f"is not one of {known}") from None


def _text(fields: Mapping[str, object], column: str) -> str:
    value = fields.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadValue(column, "must be text")
    if "\x00" in value:
        raise BadValue(column, "holds a null character")
    return value.strip()


def _quality(fields: Mapping[str, object]) -> int | None:
    number = _number(fields, "quality", int, "a whole number from 0 to 100")
    if number is not None and not 0 <= number <= 100:
        raise BadValue("quality", "must be a whole number from 0 to 100")
    return None if number is None else int(number)


def _confidence(fields: Mapping[str, object]) -> float | None:
    number = _number(fields, "confidence", float, "a number from 0 to 1")
    if number is not None and not (math.isfinite(number) and 0 <= number <= 1):
        raise BadValue("confidence", "must be a number from 0 to 1")
    return number


def _enabled_share(fields: Mapping[str, object]) -> float:
    number = _number(fields, "enabled_share", float, "a number from 0 to 1")
    if number is not None and not (math.isfinite(number) and 0 <= number <= 1):
        raise BadValue("enabled_share", "must be a number from 0 to 1")
    return 1.0 if number is None else number


def _number(
    fields: Mapping[str, object], column: str, parse: Callable[[str], float], wanted: str
) -> float | None:
    value = fields.get(column)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadValue(column, f"must be {wanted}")
    try:
        if "_" in str(value):  # which Python would pass over
            raise ValueError
        return parse(str(value))
    except ValueError:
        raise BadValue(column, f"must be {wanted}") from None


def _labels(fields: Mapping[str, object]) -> tuple[str, ...]:
    value = fields.get("labels")
    if isinstance(value, list):
        if not all(isinstance(each, str) for each in value):
            raise BadValue("labels", "must be a list of texts")
        parts = [str(each) for each in value]
    else:
        parts = _text(fields, "labels").split(LABEL_SEPARATOR)
    return tuple(part.strip() for part in parts if part.strip())


def _expires(fields: Mapping[str, object]) -> datetime | None:
    text = _text(fields, "expires")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BadValue("expires", "must be a time such as 2027-01-31T00:00:00Z") from None
    # A time without a zone could be hours off; nobody should have to guess when a signal ends.
    if moment.tzinfo is None:
        raise BadValue("expires", "has no time zone; write 2027-01-31T00:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise BadValue("expires", "lies beyond the year 9999") from None
