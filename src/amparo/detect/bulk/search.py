"""Search parts of a catalogue for signals: many parts at a time, near hashes and equal digests."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amparo.detect.bulk import candidates
from amparo.detect.bulk.candidates import DIGESTS, Candidate, as_bytes
from amparo.detect.bulk.catalogue import Catalogue
from amparo.detect.bulk.frames import COLUMNS, Pictures, values_of
from amparo.detect.bulk.near import Nearest, near_in_portions
from amparo.detect.bulk.parts import generation_of
from amparo.detect.bulk.signals import Signals
from amparo.detect.hashing.model import USABLE_QUALITY, Algorithm
from amparo.detect.index import DigestTable, Hits, NearTable, Rows, as_words
from amparo.detect.index.model import nearest_of_each

HASHES_AT_A_TIME = 1_000_000
"""Near hashes of a catalogue that are searched in one go: some 200 MB."""

_OF_A_PART = 200_000
"""Near hashes of one part that are added in one go: earlier parts have millions of them."""

FEW_SIGNALS = 64
"""So few are compared one by one in less time than it takes to index the catalogue's hashes."""

_WHOLE = (
    "source", "key", "key_bytes", "key_hash", "version_hash", "sha256", "sha1", "md5", *COLUMNS,
)  # fmt: skip

_HIT = np.dtype(
    [("part", "u4"), ("row", "u4"), ("hash", "u4"), ("signal", "u8"), ("distance", "u1")]
)
"""Which hash of which object lies near which signal; digests are counted before near hashes."""

_NONE = np.empty(0, _HIT)


def piece(parts: Sequence[str], signals: int) -> bytes:
    """Work for a worker: parts to search, and for which of the sets of signals."""
    return json.dumps([list(parts), signals]).encode()


class Searcher:
    """Searches a catalogue for sets of signals, in a process that may be on another machine."""

    def __init__(self, catalogue: Catalogue, sets: Sequence[Signals]) -> None:
        self._catalogue = catalogue
        self._sets = [_Tables(signals) for signals in sets]

    def search(self, data: bytes) -> bytes:
        """The candidates in a piece's parts."""
        parts, number = json.loads(data)
        tables = self._sets[number]
        found = [_NONE]
        chunk = _Chunk()
        for place, (_, table) in enumerate(self._catalogue.tables(parts, tables.columns)):
            found += tables.find_equal(place, table)
            for some in _near_hashes(place, table) if tables.searches_near else ():
                chunk.add(some)
                if len(chunk) >= HASHES_AT_A_TIME:
                    found.append(chunk.find_near(tables))
                    chunk = _Chunk()
        found.append(chunk.find_near(tables))
        return as_bytes(self._candidates(parts, np.concatenate(found)))

    def _candidates(self, parts: Sequence[str], found: NDArray[Any]) -> Iterator[Candidate]:
        found = found[np.lexsort((found["hash"], found["row"], found["part"]))]
        by_part = [parts[place] for place in np.unique(found["part"]).tolist()]
        hits = _runs(found, "part")
        for (part, table), of_part in zip(
            self._catalogue.tables(by_part, _WHOLE), hits, strict=True
        ):
            of = _Objects(part, table)
            for of_object in _runs(of_part, "row"):
                yield of.candidate(of_object)


class _Tables:
    """A set of signals, ready to be searched or to be searched for."""

    def __init__(self, signals: Signals) -> None:
        self.radii = signals.radii
        self.near: Rows = signals.rows.get(Algorithm.PDQ.value, Rows.none(32))
        self.searches_near = len(self.near) > 0
        self._table: NearTable | None = None
        self._digests = {
            algorithm: DigestTable.of(signals.rows[algorithm.value])
            for algorithm in DIGESTS
            if algorithm.value in signals.rows
        }
        self.columns = (
            *(each.value for each in self._digests),
            *(COLUMNS if self.searches_near else ()),
            "key_hash",  # so that there is one at least
        )

    @property
    def near_table(self) -> NearTable:
        """The signals as a table: made where it is asked for."""
        if self._table is None:
            self._table = NearTable.of(self.near)
        return self._table

    def find_equal(self, place: int, table: Any) -> Iterator[NDArray[Any]]:
        """Which digests of a part are those of signals."""
        for algorithm, known in self._digests.items():
            column = table.column(algorithm.value).combine_chunks()
            there = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
            if not len(there):
                continue
            hits = known.search(values_of(column)[there])
            found = np.zeros(len(hits), _HIT)
            found["part"], found["row"] = place, there[hits.queries]
            found["hash"], found["signal"] = DIGESTS.index(algorithm), hits.signals
            yield found


@dataclass(frozen=True, slots=True)
class _Some:
    """Some near hashes of a part: uint8[N, 32], of which row, and which of the row's they are."""

    part: int
    values: NDArray[np.uint8]
    rows: NDArray[np.uint32]
    numbers: NDArray[np.uint32]


def _near_hashes(place: int, table: Any) -> Iterator[_Some]:
    """Those of a part that are good enough to be evidence, a portion at a time."""
    pictures = Pictures(table)
    good = np.flatnonzero(pictures.counted() & (pictures.qualities >= USABLE_QUALITY))
    for first in range(0, len(good), _OF_A_PART):
        some = good[first : first + _OF_A_PART]
        rows = np.searchsorted(pictures.offsets, some, "right") - 1
        numbers = some - pictures.offsets[rows]
        yield _Some(place, pictures.values[some], rows.astype(np.uint32), numbers.astype(np.uint32))


class _Chunk:
    """Near hashes of some parts, one behind the other."""

    def __init__(self) -> None:
        self._some: list[_Some] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, some: _Some) -> None:
        """Put them behind those that are there."""
        self._some.append(some)
        self._count += len(some.values)

    def find_near(self, tables: _Tables) -> NDArray[Any]:
        """Whichever of the two is larger is indexed, and searched for the other."""
        if not self._count or not tables.searches_near:
            return _NONE
        values = np.concatenate([some.values for some in self._some])
        is_indexed = FEW_SIGNALS < len(tables.near) < self._count
        hits = (_of_signals if is_indexed else _in_signals)(values, tables)
        found = np.empty(len(hits), _HIT)
        for name, each in (
            ("part", [np.full(len(some.values), some.part, np.uint32) for some in self._some]),
            ("row", [some.rows for some in self._some]),
            ("hash", [some.numbers for some in self._some]),
        ):
            found[name] = np.concatenate(each)[hits.queries]
        found["hash"] += len(DIGESTS)
        found["signal"], found["distance"] = hits.signals, hits.distances
        return found


def _in_signals(values: NDArray[np.uint8], tables: _Tables) -> Hits:
    """Which signals lie near each hash."""
    nearest = Nearest()
    for hits in near_in_portions(tables.near_table, as_words(values), tables.radii):
        nearest.add(nearest_of_each(hits))
    return nearest.all()


def _of_signals(values: NDArray[np.uint8], tables: _Tables) -> Hits:
    """Which hashes lie near each signal: the signals are what is asked for."""
    count = len(values)
    rows = Rows(values, np.arange(count, dtype=np.uint64), np.zeros(count, np.uint32))
    radius_of = _radius_by_list(tables.radii)[tables.near.lists]
    nearest = Nearest()
    for hits in near_in_portions(
        NearTable.of(rows), as_words(tables.near.values), int(radius_of.max())
    ):
        counted = hits.distances <= radius_of[hits.queries]
        nearest.add(
            Hits(
                hits.signals[counted].astype(np.int64),
                tables.near.signals[hits.queries[counted]],
                hits.distances[counted],
            )
        )
    return nearest.all()


def _radius_by_list(radii: Mapping[int, int]) -> NDArray[np.int16]:
    found = np.full(max(radii, default=0) + 1, -1, np.int16)
    for number, radius in radii.items():
        found[number] = radius
    return found


def _runs(found: NDArray[Any], by: str) -> Iterator[NDArray[Any]]:
    """Hits that are alike in a field, which they are sorted by."""
    if len(found):
        yield from np.split(found, np.flatnonzero(np.diff(found[by])) + 1)


class _Objects:
    """The objects of a part, each with all that is asked of it."""

    def __init__(self, part: str, table: Any) -> None:
        self._generation = generation_of(part)
        self._table = table
        self._pictures = Pictures(table)
        self._counted = self._pictures.counted()

    def candidate(self, hits: NDArray[Any]) -> Candidate:
        """The object of these hits."""
        row = int(hits["row"][0])
        [columns] = self._table.select(_WHOLE[: -len(COLUMNS)]).slice(row, 1).to_pylist()
        first, behind = self._pictures.offsets[row : row + 2].tolist()
        asked = first + np.flatnonzero(self._counted[first:behind])
        place = np.zeros(len(DIGESTS) + behind - first, np.int64)
        place[: len(DIGESTS)] = np.arange(len(DIGESTS))
        place[len(DIGESTS) + asked - first] = len(DIGESTS) + np.arange(len(asked))
        return Candidate(
            generation=self._generation,
            source=columns["source"],
            key=columns["key"],
            key_bytes="" if columns["key_bytes"] is None else columns["key_bytes"].hex(),
            object=f"{columns['key_hash']:016x}{columns['version_hash']:016x}",
            digests=[columns[each.value].hex() for each in DIGESTS],
            pictures=self._of(asked),
            hits=list(
                zip(
                    place[hits["hash"]].tolist(), hits["signal"].tolist(),
                    hits["distance"].tolist(), strict=True,
                )
            ),
        )  # fmt: skip

    def _of(self, asked: NDArray[np.int64]) -> candidates.Pictures:
        elements = self._pictures.elements.take(asked)
        return candidates.Pictures(
            [value.tobytes().hex() for value in self._pictures.values[asked]],
            *(
                elements.field(name).to_pylist()
                for name in ("quality", "variant", "frame", "seconds")
            ),
        )
