"""Of the frames that a look-up found near listed videos, the videos that it matches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    for query, number, distance in found:
        card = cards.get(number)
        if card is None or card.list_number not in lists:
            continue
        file = asked[query].file
        if card.signal.algorithm == Algorithm.VPDQ:
            hits = near.setdefault((file, number), {})
            hits[query] = min(distance, hits.get(query, distance))
        elif lists[card.list_number].kind is ListKind.NEGATIVE:
            harmless.setdefault(file, set()).add(asked[query].frame)
    queries: dict[int, tuple[list[int], FilmQuery]] = {}
    for (file, number), hits in near.items():
        if file not in queries:
            queries[file] = _query(file, asked, film)
        places, query_ = queries[file]
        place_of = {number_: place for place, number_ in enumerate(places)}
        card = cards[number]
        of = lists[card.list_number]
        match = query_.match(
            {place_of[query]: distance for query, distance in hits.items()},
            card.signal.text,
            of.video_rules,
            radius_bits=of.radius_bits,
            least_quality=of.minimum_quality,
            without=frozenset(harmless.get(file, ())),
        )
        if match is not None:
            yield Filmed(card, match, places[match.nearest])


def _query(file: int, asked: Sequence[Asked], film: Film | None) -> tuple[list[int], FilmQuery]:
    """The pictures of a file, by their numbers among all that is asked, as a query."""
    places = [
        number
        for number, each in enumerate(asked)
        if each.file == file and each.algorithm == Algorithm.PDQ
    ]
    looked = [
        Looked(each.value, each.quality, each.frame, each.seconds, each.variant == ORIGINAL)
        for each in (asked[number] for number in places)
    ]
    return places, FilmQuery(looked, film)
