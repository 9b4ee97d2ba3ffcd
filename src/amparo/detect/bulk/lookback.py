"""Hold what lists have gained against a whole catalogue, without reading any media again.

What a list has gained is held against all that was looked at before; what the catalogue has gained
is held against all that is on the lists. So nothing is missed whatever grew first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from amparo.detect.bulk.candidates import Candidate
from amparo.detect.bulk.catalogue import Catalogue
from amparo.detect.bulk.hidden import Hidden
from amparo.detect.bulk.lock import is_scanned
from amparo.detect.bulk.near import near_in_portions
from amparo.detect.bulk.parts import generation_of
from amparo.detect.bulk.search import piece
from amparo.detect.bulk.signals import Signals
from amparo.detect.bulk.store import Find, Mark
from amparo.detect.hashing.model import USABLE_QUALITY, Algorithm
from amparo.detect.index import DigestTable, Hits, NearTable, Rows, as_words
from amparo.detect.index.model import nearest_of_each
from amparo.detect.lists.model import ListKind, StoredSignal
from amparo.detect.matching.host.asked import Asked
from amparo.detect.matching.host.cards import HostList
from amparo.detect.matching.host.look_up import Listed, list_counts, listed_of
from amparo.detect.matching.host.sift import sifted

_BYTES_A_PIECE = 64 * 1024 * 1024


def listed(catalogue: Catalogue) -> tuple[dict[str, int], int]:
    """All parts and their sizes, and up to which generation nothing can be missing among them.

    What a first listing names is closed where no scan is at work afterwards, and a second one has
    all of what is closed: whatever a scan adds meanwhile is of a later generation, or counts as
    open.
    """
    last = _last(catalogue.sizes())
    closed = last - 1 if is_scanned(catalogue.place) else last
    return catalogue.sizes(), closed


def _last(parts: Iterable[str]) -> int:
    return max(map(generation_of, parts), default=0)


@dataclass(frozen=True, slots=True)
class Share:
    """Some of a catalogue's generations, and after which revision of each list is searched."""

    generations: range
    after: Mapping[int, int]


def shares(marks: Mapping[int, Mark], last: int) -> list[Share]:
    """What is to be searched for what: lists that were never held against a generation in whole."""
    ends = sorted({min(mark.generation, last) for mark in marks.values()} | {last})
    begins = [0, *ends[:-1]]
    return [
        Share(
            range(begin + 1, end + 1),
            {
                number: mark.revision if mark.generation >= end else 0
                for number, mark in marks.items()
            },
        )
        for begin, end in zip(begins, ends, strict=True)
        if end > begin
    ]


def pieces(sizes: Mapping[str, int], share: Share, signals: int) -> Iterator[bytes]:
    """The parts of these generations, some at a time."""
    some: list[str] = []
    size_bytes = 0
    for part, part_bytes in sizes.items():
        if generation_of(part) not in share.generations:
            continue
        if some and size_bytes + part_bytes > _BYTES_A_PIECE:
            yield piece(some, signals)
            some, size_bytes = [], 0
        some.append(part)
        size_bytes += part_bytes
    if some:
        yield piece(some, signals)


def marks_that_hold(
    marks: Mapping[int, Mark], hidden: Mapping[int, Hidden], now: datetime
) -> dict[int, Mark]:
    """Of the marks those after which nothing was hidden that may show now."""
    return {
        number: mark
        for number, mark in marks.items()
        if number not in hidden
        or (mark.hidden is not None and not hidden[number].may_show(mark.hidden, now))
    }


def marks_after(
    asked: Mapping[int, Mark],
    known: Mapping[int, Mark],
    revisions: Mapping[int, int],
    hidden: Mapping[int, Hidden],
    closed: int,
) -> dict[int, Mark]:
    """How far each list is known to be held against all generations after a look-back.

    Whoever began at a later revision than was looked at has left something out. `known` are marks
    that hold, `hidden` what hid matches now.
    """
    after = {}
    for number, mark in asked.items():
        before = known.get(number, Mark())
        without_gap = mark.revision == 0 or (
            mark.revision <= before.revision
            and (mark.generation <= before.generation or before.generation >= closed)
        )
        if without_gap:
            generation = max(closed, before.generation)
            after[number] = Mark(revisions[number], generation, hidden[number])
    return after


class Harmless:
    """All live signals of negative lists, to be looked up for each candidate."""

    def __init__(self, signals: Signals) -> None:
        self._radii = signals.radii
        self._near = NearTable.of(signals.rows.get(Algorithm.PDQ.value, Rows.none(32)))
        self._digests = {
            name: DigestTable.of(rows)
            for name, rows in signals.rows.items()
            if name != Algorithm.PDQ.value
        }

    def hits(self, asked: Sequence[Asked]) -> Iterator[tuple[int, int, int]]:
        """Which of what is asked lies near which signal, and how far."""
        near = [
            number
            for number, each in enumerate(asked)
            if each.algorithm == Algorithm.PDQ and each.quality >= USABLE_QUALITY
        ]
        if near and len(self._near):
            values = as_words(b"".join(asked[number].value for number in near))
            for hits in near_in_portions(self._near, values, self._radii):
                yield from _triples(nearest_of_each(hits), near)
        for number, each in enumerate(asked):
            if (table := self._digests.get(each.algorithm.value)) is not None:
                value = np.frombuffer(each.value, np.uint8)[None]
                for signal in table.search(value).signals.tolist():
                    yield number, signal, 0


def _triples(hits: Hits, numbers: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    for query, signal, distance in zip(
        hits.queries.tolist(), hits.signals.tolist(), hits.distances.tolist(), strict=True
    ):
        yield numbers[query], signal, distance


def finds(
    candidate: Candidate,
    harmless: Sequence[tuple[int, int, int]],
    known: Mapping[int, StoredSignal],
    lists: Mapping[int, HostList],
    now: datetime,
) -> Iterator[Find]:
    """What the candidate matches, as an upload of the file would: each signal once, the nearest.

    `harmless` are its hits on negative lists.
    """
    asked = candidate.asked()
    listed = listed_of((*candidate.hits, *harmless), asked, known, lists, now)
    found = sifted(
        (each for each in listed if list_counts(each.known_list, asked[each.asked])), asked
    )
    for each in found.counted:
        if each.known_list.kind is not ListKind.NEGATIVE:
            yield _find(candidate, each, asked[each.asked])


def _find(candidate: Candidate, found: Listed, by: Asked) -> Find:
    find = Find(
        object=bytes.fromhex(candidate.object),
        source=candidate.source,
        key=candidate.key,
        list_number=found.known_list.number,
        signal_number=found.signal.number,
        algorithm=by.algorithm.value,
        distance_bits=found.distance_bits,
        variant=by.variant,
        frame=by.frame,
        seconds=by.seconds,
        key_bytes=bytes.fromhex(candidate.key_bytes),
    )
    if (film := found.film) is None:
        return find
    return replace(
        find,
        algorithm=Algorithm.VPDQ.value,
        seconds=film.seconds,
        last_seconds=film.last_seconds,
        listed_seconds=film.listed_seconds,
        listed_last_seconds=film.listed_last_seconds,
        query_percent=film.query_percent,
        listed_percent=film.listed_percent,
    )
