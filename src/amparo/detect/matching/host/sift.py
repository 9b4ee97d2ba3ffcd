"""Of what was looked up for a file, each signal once, and apart what negative lists suppress."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
            or not (whole or (one.film is None and by.frame in frames))
        )
        (counted if counts else suppressed).setdefault(one.signal.number, one)
    rest = [one for number, one in suppressed.items() if number not in counted]
    return Found(tuple(counted.values()), tuple(rest))


def _order(one: Listed, by: Asked) -> tuple[bool, int, bool, int]:
    return not by.algorithm.is_exact, one.distance_bits, by.variant != ORIGINAL, by.frame
