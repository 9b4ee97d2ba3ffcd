"""Of what was looked up for a file, each signal once, and apart what negative lists suppress."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.model import ListKind
from amparo.detect.matching.host.asked import Asked
from amparo.detect.matching.host.look_up import Listed
from amparo.detect.matching.match import ORIGINAL


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """What a file matches, the exact and nearest first, and what a negative list has suppressed."""

    counted: tuple[Listed, ...]
    suppressed: tuple[Listed, ...] = ()


def sifted(found: Iterable[Listed], asked: Sequence[Asked]) -> Found:
    """Each signal once, by the nearest hash that found it.

    A negative entry suppresses perceptual matches of the picture that it matched and of no other
    frame of the file; where it is an exact digest, of the file. It never suppresses an exact one.
    Of a listed video its frame has been left out already.
    A signal that also matches another frame counts.
    """
    ordered = sorted(found, key=lambda one: _order(one, asked[one.asked]))
    harmless = [one for one in ordered if one.known_list.kind is ListKind.NEGATIVE]
    whole = any(asked[one.asked].algorithm.is_exact for one in harmless)
    frames = {asked[one.asked].frame for one in harmless}
    counted: dict[int, Listed] = {}
    suppressed: dict[int, Listed] = {}
    for one in ordered:
        by = asked[one.asked]
        counts = (
            by.algorithm.is_exact
            or one.known_list.kind is ListKind.NEGATIVE
            or not (whole or one.is_suppressed or (one.film is None and by.frame in frames))
        )
        (counted if counts else suppressed).setdefault(one.signal.number, one)
    rest = [one for number, one in suppressed.items() if number not in counted]
    return Found(tuple(counted.values()), tuple(rest))


def _order(one: Listed, by: Asked) -> tuple[bool, int, bool, int]:
    return not by.algorithm.is_exact, one.distance_bits, by.variant != ORIGINAL, by.frame


def sifted_written(found: Iterable[Listed], asked: Sequence[Asked]) -> Found:
    """Of what was looked up for a text or for links: each signal once at each place.

    A negative entry suppresses matches of its own kind at exactly its own place, and no others: of
    a link or name, of what it names itself, and not of what is above or below that.
    """
    placed = [(_place(asked[one.asked]), one) for one in found]
    harmless = {place for place, one in placed if one.known_list.kind is ListKind.NEGATIVE}
    counted: dict[tuple[_Place, int], Listed] = {}
    suppressed: dict[tuple[_Place, int], Listed] = {}
    for place, one in sorted(placed, key=_by_place):
        counts = one.known_list.kind is ListKind.NEGATIVE or place not in harmless
        (counted if counts else suppressed).setdefault((place, one.signal.number), one)
    return Found(_each_first(counted.values()), _each_first(suppressed.values()))


_Place = tuple[Algorithm, int, int, int, bytes]

_BY_SPAN = frozenset({Algorithm.KEYWORD, Algorithm.REGEX})
"""Where a word stands says which it is; many prefixes and hosts stand where one link does."""


def _place(asked: Asked) -> _Place:
    value = b"" if asked.algorithm in _BY_SPAN else asked.value
    return asked.algorithm, asked.start, asked.end, asked.item, value


def _by_place(placed: tuple[_Place, Listed]) -> tuple[int, int, int]:
    (_, start, end, item, _), _ = placed
    return item, start, end


def _each_first(found: Iterable[Listed]) -> tuple[Listed, ...]:
    """Every signal once before any comes again, those of confirmed lists first.

    Of very many finds only the first are told, and a policy sees fewer still.
    """
    times: Counter[int] = Counter()
    ranked = []
    for one in found:
        ranked.append((times[one.signal.number], _KINDS.index(one.known_list.kind), one))
        times[one.signal.number] += 1
    return tuple(one for _, _, one in sorted(ranked, key=lambda each: each[:2]))


_KINDS = (ListKind.CONFIRMED, ListKind.SUSPECT, ListKind.NEGATIVE)
