"""Of the frames that a look-up found near listed videos, the videos that it matches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from amparo.detect.hashing.model import Algorithm, Film
from amparo.detect.lists.model import ListKind, StoredSignal
from amparo.detect.matching.films import FilmMatch, FilmQuery, Looked
from amparo.detect.matching.host.asked import Asked
from amparo.detect.matching.host.cards import HostList
from amparo.detect.matching.match import ORIGINAL

Near = tuple[int, int, int]
"""The number of a hash that was looked up, that of a signal near it, and the distance."""


@dataclass(frozen=True, slots=True)
class Filmed:
    """A listed video that matches, and by which of the hashes looked up it is nearest."""

    signal: StoredSignal
    match: FilmMatch
    asked: int
    is_suppressed: bool = False
    """It would match if none of the file's frames were known to be harmless."""


def films(
    found: Iterable[Near],
    asked: Sequence[Asked],
    cards: Mapping[int, StoredSignal],
    lists: Mapping[int, HostList],
    film: Film | None,
) -> Iterator[Filmed]:
    """The listed videos that a file matches; each file of several that are asked at once alone."""
    near: dict[tuple[int, int], dict[int, int]] = {}
    harmless: dict[int, set[int]] = {}
    for place, number, distance in found:
        card = cards.get(number)
        if card is None or card.list_number not in lists:
            continue
        file = asked[place].file
        if card.signal.algorithm == Algorithm.VPDQ:
            hits = near.setdefault((file, number), {})
            hits[place] = min(distance, hits.get(place, distance))
        elif lists[card.list_number].kind is ListKind.NEGATIVE:
            harmless.setdefault(file, set()).add(asked[place].frame)
    if not near:
        return
    queries = _queries({file for file, _ in near}, asked, film)
    for (file, number), hits in near.items():
        query = queries[file]
        card = cards[number]
        of = lists[card.list_number]
        without = frozenset(harmless.get(file, ()))
        for known_harmless in (without, frozenset[int]()) if without else (without,):
            match = query.film.match(
                {query.place_of[each]: distance for each, distance in hits.items()},
                card.signal.text,
                of.video_rules,
                radius_bits=of.radius_bits,
                least_quality=of.minimum_quality,
                without=known_harmless,
            )
            if match is not None:
                is_suppressed = known_harmless != without
                yield Filmed(card, match, query.places[match.nearest], is_suppressed)
                break


@dataclass(frozen=True, slots=True)
class _Query:
    """The pictures of a file, and which of all that is asked each of them is."""

    film: FilmQuery
    places: Sequence[int]
    place_of: Mapping[int, int]


def _queries(files: Set[int], asked: Sequence[Asked], film: Film | None) -> dict[int, _Query]:
    places: dict[int, list[int]] = {file: [] for file in files}
    for number, each in enumerate(asked):
        if each.file in files and each.algorithm == Algorithm.PDQ:
            places[each.file].append(number)
    return {
        file: _Query(
            FilmQuery([_looked(asked[number]) for number in numbers], film),
            numbers,
            {number: place for place, number in enumerate(numbers)},
        )
        for file, numbers in places.items()
    }


def _looked(each: Asked) -> Looked:
    return Looked(
        each.value, each.quality, each.frame, each.seconds, each.variant == ORIGINAL,
        each.last_seconds,
    )  # fmt: skip
