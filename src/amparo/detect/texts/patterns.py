"""Regular expressions of operators, through RE2 alone: time grows with the text, never beyond."""

from collections.abc import Iterator
from functools import lru_cache

import re2

from amparo.core.errors import Invalid

MOST_LETTERS = 1000
MOST_BYTES = 1 << 20
"""Memory for one expression, as a program and while it is searched for."""

MOST_EMPTY = 100
"""An expression is searched for no further where it has matched nothing so often."""

_PLAIN = (b"", b"a", b"1", b" ", b"a a", b"a.\n", b"\n\n")
"""Whoever matches nothing somewhere in one of them does so all over any text."""

MOST_STEPS = 20_000
"""The length of the program that RE2 makes of one."""


class BadPattern(Invalid):
    """A regular expression that cannot be used; the message goes on from "The expression"."""

    code = "text.pattern"


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> "re2._Regexp":
    """Ready to be searched for. Raises BadPattern."""
    options = re2.Options()
    options.max_mem = MOST_BYTES
    options.log_errors = False
    options.never_capture = True
    try:
        return re2.compile(pattern.encode(), options)
    except (re2.error, UnicodeEncodeError) as error:
        raise BadPattern(f"is no regular expression that RE2 takes ({_why(error)})") from None


def checked_pattern(text: str) -> str:
    """The pattern, where it can be used. Raises BadPattern."""
    if not text or len(text) > MOST_LETTERS:
        raise BadPattern(f"must have 1 to {MOST_LETTERS} characters")
    found = compiled(text)
    if found.programsize > MOST_STEPS:
        raise BadPattern("is too large; shorten its repetitions")
    if any(each.start() == each.end() for plain in _PLAIN for each in found.finditer(plain)):
        raise BadPattern("matches where there is nothing, so everywhere")
    return text


def finds(pattern: str, data: bytes) -> Iterator[tuple[int, int] | None]:
    """Where in a UTF-8 text it matches, in bytes, one behind the other.

    Ends with None where it has matched nothing too often to be searched for to the end.
    """
    empty = 0
    for found in compiled(pattern).finditer(data):
        if found.end() > found.start():
            yield found.start(), found.end()
            continue
        empty += 1
        if empty == MOST_EMPTY:
            yield None
            return


def _why(error: Exception) -> str:
    """What is wrong, without the part of the pattern that is."""
    said = error.args[0] if error.args else ""
    words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return words.partition(": ")[0]
