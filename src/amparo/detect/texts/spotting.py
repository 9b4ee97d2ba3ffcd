"""Links and e-mail addresses in a text, as people write them; through RE2, in linear time."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import re2

_ADDRESS = r"[\pL\pN][\pL\pN._%+-]{0,63}@(?:[\pL\pN-]{1,63}\.)+[\pL\pN-]{2,63}"
_REST = r"[^\s\pZ\pC<>\"`]"
_LINK = (
    rf"(?i:https?)://{_REST}+"
    rf"|(?:[\pL\pN][\pL\pN-]{{0,62}}\.)+\pL[\pL\pN-]{{1,62}}(?::[0-9]{{1,5}})?(?:[/?#]{_REST}*)?"
)
_BEHIND = b".,;:!?'*_~)]}"
"""What ends a sentence, and not a link."""


@dataclass(frozen=True, slots=True)
class Spotted:
    """What looks like a link or an address, from a byte until before another."""

    start: int
    end: int
    is_address: bool


def spotted(data: bytes) -> Iterator[Spotted]:
    """All that look like such in a UTF-8 text, one behind the other."""
    for found in _pattern().finditer(data):
        start, end = found.span()
        is_address = found.start(1) >= 0
        if not is_address:
            end = start + len(data[start:end].rstrip(_BEHIND))
        yield Spotted(start, end, is_address)


@lru_cache(maxsize=1)
def _pattern() -> "re2._Regexp":
    return re2.compile(f"({_ADDRESS})|(?:{_LINK})".encode())
