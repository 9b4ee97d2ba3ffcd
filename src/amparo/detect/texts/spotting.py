"""Links and e-mail addresses in a text, as people write them; through RE2, in linear time.

Where a link ends is often said by nothing: each is told in all ways that it may be meant in.
"""

import heapq
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import re2

from amparo.detect.texts.letters import FREE, class_of

_ADDRESS = r"[\pL\pN][\pL\pM\pN._%+'-]*@(?:[\pL\pM\pN-]+\.)+[\pL\pM\pN-]{2,}"
_CLOSED = r"\x{201c}\x{201d}\x{3001}-\x{3003}\x{3008}-\x{3011}\x{3014}-\x{301f}"
_WIDE = r"\x{ff01}\x{ff08}\x{ff09}\x{ff0c}\x{ff1a}\x{ff1b}\x{ff1f}\x{ff5e}\x{ff61}-\x{ff64}"
_REST = rf"[^\s\pZ\pC<>\"`{_CLOSED}{_WIDE}]"
_LINK = rf"(?i:https?)://{_REST}+"
_HOST = rf"(?:[\pL\pN][\pL\pM\pN-]*\.)+\pL[\pL\pM\pN-]+(?::[0-9]+)?(?:[/?#]{_REST}*)?"
"""Nothing is counted: RE2 writes out every repetition, and outgrows its memory."""

_SENTENCE = ".,;:!?'"
_ALL = _SENTENCE + "*_~)]}"
_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"))
_NAMED = re.compile(r"[^/?#]+")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ASCII = re.compile(r"[!-~]+")
_PLAIN_HOST = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z][A-Za-z0-9-]+")
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9][^@]*@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,}")


@dataclass(frozen=True, slots=True, order=True)
class Spotted:
    """What looks like a link or an address, from a byte until before another."""

    start: int
    end: int
    is_address: bool


def spotted(data: bytes) -> Iterator[Spotted]:
    """All that look like such in a UTF-8 text, in order; the same one in each way it may be meant.

    Of ways that begin alike the shortest is first. What is inside a link is a part of it.
    """
    reached = 0
    for start, rank, end in heapq.merge(*(_finds(data, rank) for rank in range(len(_KINDS)))):
        if start < reached:
            continue
        reached = end
        said = data[start:end].decode()
        ways = _ways_of_address(said) if rank == _IS_ADDRESS else _ways_of_link(said)
        at = 0
        for first, behind in sorted(ways):
            start += len(said[at:first].encode())
            at = first
            yield Spotted(start, start + len(said[first:behind].encode()), rank == _IS_ADDRESS)


_KINDS = (_ADDRESS, _LINK, _HOST)
_IS_ADDRESS = 0


def _finds(data: bytes, rank: int) -> Iterator[tuple[int, int, int]]:
    for found in _compiled(_KINDS[rank]).finditer(data):
        yield found.start(), rank, found.end()


def _ways_of_address(said: str) -> set[tuple[int, int]]:
    """Whole; and, where letters of a script without spaces stand around it, without them."""
    ways = {(0, len(said))}
    for run in _runs(said):
        found = _PLAIN_ADDRESS.fullmatch(said, *run)
        if found:
            ways.add(run)
    return ways


def _ways_of_link(said: str) -> set[tuple[int, int]]:
    """Whole; without what ends a sentence or is emphasis; without letters that only follow it."""
    ways = {(0, len(said))}
    named = _NAMED.match(said)
    behind = named.end() if named else 0
    for start, end in _runs(said[:behind]):
        if _PLAIN_HOST.match(said, start, end):
            ways.add((start, len(said) if end == behind else end))
    ways |= {(start, _first_other(said, start, end)) for start, end in ways}
    return {(start, end) for start, behind in ways for end in _ends(said, start, behind)}


def _first_other(said: str, start: int, end: int) -> int:
    """Where letters begin that may be of other words; `end` where none do."""
    for each in _NOT_ASCII.finditer(said, start + 1, end):
        if _may_follow(each.group()):
            return each.start()
    return end


def _runs(said: str) -> Iterator[tuple[int, int]]:
    """Of ASCII letters, where what stands beside them may be of other words."""
    if said.isascii():
        return
    for run in _ASCII.finditer(said):
        start, end = run.span()
        if (start == 0 or _may_follow(said[start - 1])) and (
            end == len(said) or _may_follow(said[end])
        ):
            yield start, end


def _may_follow(letter: str) -> bool:
    """Whether people write it beside a link without a space."""
    return class_of(letter) == FREE or unicodedata.category(letter)[0] == "P"


def _ends(said: str, start: int, behind: int) -> set[int]:
    """Where a link ends: with all that is there, without what ends a sentence, with no emphasis."""
    if said[behind - 1].isalnum():
        return {behind}
    return {behind, _end(said, start, behind, _SENTENCE), _end(said, start, behind, _ALL)}


def _end(said: str, start: int, behind: int, cut: str) -> int:
    """Without what is `cut`, and without brackets that were opened before the link."""
    more = {close: said.count(close, start, behind) - said.count(opened, start, behind)
            for opened, close in _BRACKETS}  # fmt: skip
    while behind > start:
        last = said[behind - 1]
        if last in more and more[last] > 0:
            more[last] -= 1
        elif last not in cut:
            break
        behind -= 1
    return behind


@lru_cache(maxsize=len(_KINDS))
def _compiled(pattern: str) -> "re2._Regexp":
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern.encode(), options)
