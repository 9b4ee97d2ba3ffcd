"""Answer look-ups on this host: hashes in, the signals that they match out, with what lists say."""

import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from amparo.core.errors import AmparoError, NotFound, Unavailable
from amparo.core.ids import OrganisationId
from amparo.detect.hashing.model import USABLE_QUALITY, WRITTEN, Algorithm, Film
from amparo.detect.hashing.plug_ins import hash_types
from amparo.detect.index import Hits, IndexReader, as_words
from amparo.detect.index.model import nearest_of_each
from amparo.detect.index.phrases import Find, PhraseReader
from amparo.detect.lists.model import ListKind, StoredSignal
from amparo.detect.matching.films import FilmMatch
from amparo.detect.matching.host.asked import Asked
from amparo.detect.matching.host.cards import Cards, HostList, Mark
from amparo.detect.matching.host.films import Near, films
from amparo.detect.matching.host.follow import INDEX, PHRASES
from amparo.detect.texts.folding import Folded
from amparo.kernels.automaton import word_borders

_LOOK_S = 0.1
_QUERIES_AT_A_TIME = 1024
_WRITTEN = frozenset(WRITTEN)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class Listed:
    """A signal that matched, its list, and how: `asked` is the number of the hash that found it.

    `film` says how a listed video matched; it `is_suppressed` where it does so only by frames that
    a negative list knows.
    """

    signal: StoredSignal
    known_list: HostList
    distance_bits: int
    asked: int
    film: FilmMatch | None = None
    is_suppressed: bool = False


class HostIndex:
    """This host's lists, to look up in from any thread. A follower keeps them up to date."""

    def __init__(self, folder: Path) -> None:
        """Raises Unavailable where no follower has begun yet."""
        try:
            self._reader = IndexReader(folder / INDEX)
            self._cards = Cards(folder)
            self._phrases = PhraseReader(folder / PHRASES)
        except NotFound as error:
            raise Unavailable("The index is not there yet.") from error
        self._reached: dict[int, HostList] = {}
        self._patterns: tuple[NDArray[np.uint64], list[StoredSignal]] | None = None
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._look, name="index-watch", daemon=True)
        self._watch.start()

    def close(self) -> None:
        """Let go of the files."""
        self._stop.set()
        self._watch.join()
        self._cards.close()

    def lists(self, organisation: OrganisationId) -> Mapping[int, HostList]:
        """The organisation's lists by number, with the revisions that are searched."""
        return {
            number: each
            for number, each in self._lists().items()
            if each.organisation_id == organisation and not each.removed
        }

    def revisions(self) -> Mapping[int, int]:
        """How far each list is searched here, by number."""
        return {number: each.revision for number, each in self._lists().items()}

    def _look(self) -> None:
        """Follow the index also while nobody asks: a new segment takes a moment to be opened."""
        while not self._stop.wait(_LOOK_S):
            try:
                self._lists()
                self._phrases.follow()
            except AmparoError as error:
                _log.warning("The index cannot be followed.", why=error.message)

    def _lists(self) -> Mapping[int, HostList]:
        """All lists, each as of the newest revision that what is searched has reached."""
        known = self._cards.lists()
        state = self._reader.state
        here = Mark(state.manifest.identity, state.sequence, state.manifest.generation)
        reached = {
            number: each if each.mark.is_reached(here) else self._earlier(each)
            for number, each in known.items()
        }
        self._reached = reached
        return reached

    def _earlier(self, known: HostList) -> HostList:
        """The list as it was searched last; its signals are not there yet."""
        before = self._reached.get(known.number)
        return replace(known, revision=before.revision if before else 0)

    def counts(self) -> Mapping[str, int]:
        """How many signals are searched, by kind of hash."""
        return self._reader.state.counts()

    def look_up(
        self,
        asked: Sequence[Asked],
        organisation: OrganisationId,
        now: datetime,
        film: Film | None = None,
    ) -> list[Listed]:
        """The live signals near or equal to what is asked, on lists that count for this file.

        `film` tells of a video how many frames of it are still to come.
        """
        return [
            one
            for one in self.find(asked, organisation, now, film)
            if list_counts(one.known_list, asked[one.asked])
        ]

    def find(
        self,
        asked: Sequence[Asked],
        organisation: OrganisationId,
        now: datetime,
        film: Film | None = None,
    ) -> list[Listed]:
        """The same on all of the organisation's lists, whatever share of files they count for."""
        lists = self.lists(organisation)
        if not lists:
            return []
        found = [(query, number, distance) for query, number, distance in self._hits(asked, lists)]
        if not found:
            return []
        cards = self._cards.signals(sorted({number for _, number, _ in found}))
        return listed_of(found, asked, cards, lists, now, film)

    def phrases(
        self, text: Folded, organisation: OrganisationId, *, most: int
    ) -> tuple[list[Find], bool]:
        """Where a text has words and phrases of the organisation's lists; and whether more."""
        lists = frozenset(self.lists(organisation))
        if not lists:
            return [], False

        def count(digests: NDArray[np.uint8]) -> NDArray[np.bool_]:
            return self._are_on(lists, Algorithm.KEYWORD, digests)

        return self._phrases.find(text.codes, word_borders(text.classes), count, most=most)

    def are_listed(
        self, kind: Algorithm, values: NDArray[np.uint8], organisation: OrganisationId
    ) -> NDArray[np.bool_]:
        """bool[N]: which of the values uint8[N, W] are worth looking up, which most are not."""
        return self._are_on(frozenset(self.lists(organisation)), kind, values)

    def _are_on(
        self, lists: frozenset[int], kind: Algorithm, values: NDArray[np.uint8]
    ) -> NDArray[np.bool_]:
        listed = np.zeros(len(values), np.bool_)
        listed[self._reader.equal(kind.value, values, lists).queries] = True
        return listed

    def patterns(self, organisation: OrganisationId) -> list[StoredSignal]:
        """The regular expressions on the organisation's lists, by number."""
        numbers = self._reader.state.signals_of(Algorithm.REGEX.value)
        if not len(numbers):
            return []
        if self._patterns is None or not np.array_equal(self._patterns[0], numbers):
            cards = self._cards.signals(numbers.tolist())
            self._patterns = numbers, [cards[each] for each in numbers.tolist() if each in cards]
        lists = self.lists(organisation)
        return [each for each in self._patterns[1] if each.list_number in lists]

    def _hits(
        self, asked: Sequence[Asked], lists: Mapping[int, HostList]
    ) -> Iterator[tuple[int, int, int]]:
        by_kind: dict[Algorithm, list[int]] = {}
        for number, each in enumerate(asked):
            if _is_equal_alone(each.algorithm) or each.quality >= USABLE_QUALITY:
                by_kind.setdefault(each.algorithm, []).append(number)
        for kind, numbers in by_kind.items():
            joined = b"".join(asked[number].value for number in numbers)
            values = np.frombuffer(joined, np.uint8).reshape(len(numbers), -1)
            if _is_equal_alone(kind):
                hits = self._reader.equal(kind.value, values, frozenset(lists))
            elif kind == Algorithm.PDQ:
                radii = {number: each.radius_bits for number, each in lists.items()}
                yield from self._near(as_words(joined), radii, numbers)
                continue
            else:
                own = hash_types().get(kind.value)
                if own is None:  # of an older notice; it is not plugged in any more
                    continue
                radii = {number: each.radii.get(own.name, own.radius)
                         for number, each in lists.items()}  # fmt: skip
                hits = self._reader.measured(own.name, values, radii, own.distances)
            yield from _triples(hits, numbers)

    def _near(
        self, queries: NDArray[np.uint64], radii: Mapping[int, int], numbers: Sequence[int]
    ) -> Iterator[tuple[int, int, int]]:
        """A portion at a time: frames of one video can all be near all those of another."""
        for first in range(0, len(queries), _QUERIES_AT_A_TIME):
            behind = first + _QUERIES_AT_A_TIME
            hits = nearest_of_each(self._reader.near(queries[first:behind], radii))
            yield from _triples(hits, numbers[first:behind])


def _is_equal_alone(kind: Algorithm) -> bool:
    return kind.is_exact or kind in _WRITTEN


def _triples(hits: Hits, numbers: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    for query, signal, distance in zip(
        hits.queries.tolist(), hits.signals.tolist(), hits.distances.tolist(), strict=True
    ):
        yield numbers[query], signal, distance


def listed_of(
    found: Iterable[Near],
    asked: Sequence[Asked],
    cards: Mapping[int, StoredSignal],
    lists: Mapping[int, HostList],
    now: datetime,
    film: Film | None = None,
) -> list[Listed]:
    """What was found, so far as it counts; listed videos by what of them matches."""
    near = [
        (query, number, distance)
        for query, number, distance in found
        if number in cards
        and signal_counts(cards[number], asked[query], lists, now)
        and _may_suppress(lists[cards[number].list_number], asked[query])
    ]
    return [
        *(
            Listed(cards[number], lists[cards[number].list_number], distance, query)
            for query, number, distance in near
            if cards[number].signal.algorithm != Algorithm.VPDQ
        ),
        *(
            Listed(one.signal, lists[one.signal.list_number], one.match.distance_bits, one.asked,
                   one.match, one.is_suppressed)
            for one in films(near, asked, cards, lists, film)
        ),
    ]  # fmt: skip


def _may_suppress(known: HostList, asked: Asked) -> bool:
    """Whether it is no negative list, or one that counts for this file: others suppress nothing."""
    return known.kind is not ListKind.NEGATIVE or list_counts(known, asked)


def signal_counts(
    known: StoredSignal, asked: Asked, lists: Mapping[int, HostList], now: datetime
) -> bool:
    """Whether the signal is live, enabled for this file, and both hashes are good enough."""
    if not known.is_live(now) or known.list_number not in lists:
        return False
    if not _is_enabled(known, asked):
        return False
    if _is_equal_alone(asked.algorithm):
        return True
    least = lists[known.list_number].minimum_quality
    quality = known.signal.quality
    return asked.quality >= least and (quality is None or quality >= least)


def _is_enabled(known: StoredSignal, asked: Asked) -> bool:
    """Whether the signal counts for this file: always the same for the same file."""
    return _is_drawn(known.signal.enabled_share, known.number.to_bytes(8, "big"), asked)


def list_counts(known: HostList, asked: Asked) -> bool:
    """Whether the list counts for this file: always the same for the same file."""
    return _is_drawn(known.enabled_share, b"list" + known.number.to_bytes(8, "big"), asked)


def _is_drawn(share: float, of: bytes, asked: Asked) -> bool:
    if share >= 1:
        return True
    drawn = hashlib.sha256(of + (asked.lot or asked.value)).digest()
    return int.from_bytes(drawn[:8], "big") < share * 2**64
