"""Search parts of a catalogue for signals: many parts at a time, near hashes and equal digests."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amparo.detect.bulk.candidates import DIGESTS, Candidate, Hit, Picture, as_bytes
from amparo.detect.bulk.catalogue import Catalogue
from amparo.detect.bulk.parts import generation_of
from amparo.detect.bulk.signals import Signals
from amparo.detect.hashing.model import USABLE_QUALITY, Algorithm
from amparo.detect.index import DigestTable, NearTable, Rows, as_words
from amparo.detect.index.model import nearest_of_each

HASHES_AT_A_TIME = 1_000_000
"""Near hashes of a catalogue that are searched in one go: some 200 MB."""

FEW_SIGNALS = 64
"""So few are compared one by one in less time than it takes to index the catalogue's hashes."""

_VALUE, _QUALITY = "pdq.list.element.value", "pdq.list.element.quality"
_WHOLE = (
    "source", "key", "key_bytes", "key_hash", "version_hash", "sha256", "sha1", "md5", "pdq",
)  # fmt: skip

_Places = defaultdict[tuple[str, int], list[Hit]]
"""Hits by part and row."""


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
        places: _Places = defaultdict(list)
        chunk = _Chunk()
        for part, table in self._catalogue.tables(parts, tables.columns):
            tables.find_equal(part, table, places)
            if tables.searches_near:
                chunk.add(part, table)
            if len(chunk) >= HASHES_AT_A_TIME:
                chunk.find_near(tables, places)
                chunk = _Chunk()
        chunk.find_near(tables, places)
        return as_bytes(list(self._candidates(places)))

    def _candidates(self, places: _Places) -> Iterator[Candidate]:
        by_part: defaultdict[str, list[int]] = defaultdict(list)
        for part, row in sorted(places):
            by_part[part].append(row)
        for part, table in self._catalogue.tables(by_part, _WHOLE):
            for row, columns in zip(
                by_part[part], table.take(by_part[part]).to_pylist(), strict=True
            ):
                yield _candidate(generation_of(part), columns, places[part, row])


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
            *((_VALUE, _QUALITY) if self.searches_near else ()),
            "key_hash",  # so that there is one at least
        )

    @property
    def near_table(self) -> NearTable:
        """The signals as a table: made where it is asked for."""
        if self._table is None:
            self._table = NearTable.of(self.near)
        return self._table

    def find_equal(self, part: str, table: Any, places: _Places) -> None:
        for algorithm, known in self._digests.items():
            column = table.column(algorithm.value).combine_chunks()
            there = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
            if not len(there):
                continue
            hits = known.search(_values(column)[there])
            which = DIGESTS.index(algorithm)
            for query, signal in zip(hits.queries.tolist(), hits.signals.tolist(), strict=True):
                places[part, int(there[query])].append((which, signal, 0))


class _Chunk:
    """Near hashes of some parts, one behind the other."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self._values: list[NDArray[np.uint8]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, part: str, table: Any) -> None:
        """Those of a part that are good enough to be evidence."""
        lists = table.column("pdq").combine_chunks()
        elements = lists.values
        good = np.flatnonzero(elements.field("quality").to_numpy() >= USABLE_QUALITY)
        self._parts.append(_Part(part, self._count, lists.offsets.to_numpy(), good))
        self._values.append(_values(elements.field("value"))[good])
        self._count += len(good)

    def find_near(self, tables: _Tables, places: _Places) -> None:
        """Whichever of the two is larger is indexed, and searched for the other."""
        if not self._count or not tables.searches_near:
            return
        values = np.concatenate(self._values)
        if FEW_SIGNALS < len(tables.near) < self._count:
            found = self._of_signals(values, tables)
        else:
            hits = nearest_of_each(tables.near_table.search(as_words(values), tables.radii))
            found = (hits.queries, hits.signals, hits.distances)
        firsts = np.array([part.first for part in self._parts])
        for row, signal, distance in zip(*(each.tolist() for each in found), strict=True):
            part = self._parts[int(np.searchsorted(firsts, row, "right")) - 1]
            object_row, hash_number = part.place(row)
            hit = (len(DIGESTS) + hash_number, signal, distance)
            places[part.name, object_row].append(hit)

    def _of_signals(self, values: NDArray[np.uint8], tables: _Tables) -> tuple[NDArray[Any], ...]:
        """Which hashes lie near which signal: the signals are what is asked for."""
        count = len(values)
        rows = Rows(values, np.arange(count, dtype=np.uint64), np.zeros(count, np.uint32))
        radius_of = _radius_by_list(tables.radii)[tables.near.lists]
        hits = NearTable.of(rows).search(as_words(tables.near.values), int(radius_of.max()))
        counted = hits.distances <= radius_of[hits.queries]
        return (
            hits.signals[counted].astype(np.int64),
            tables.near.signals[hits.queries[counted]],
            hits.distances[counted],
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """Where a part's hashes are in a chunk: `first` of them is the chunk's `good[0]`."""

    name: str
    first: int
    offsets: NDArray[np.int32]
    good: NDArray[np.int64]

    def place(self, row: int) -> tuple[int, int]:
        """The object's row in the part, and which of the object's hashes it is."""
        element = int(self.good[row - self.first])
        object_row = int(np.searchsorted(self.offsets, element, "right")) - 1
        return object_row, element - int(self.offsets[object_row])


def _values(column: Any) -> NDArray[np.uint8]:
    """A column of values of one width as uint8[N, W], without a copy; nulls are anything."""
    width = column.type.byte_width
    _, data = column.buffers()
    flat = np.frombuffer(data, np.uint8, len(column) * width, column.offset * width)
    return flat.reshape(len(column), width)


def _radius_by_list(radii: Mapping[int, int]) -> NDArray[np.int16]:
    found = np.full(max(radii, default=0) + 1, -1, np.int16)
    for number, radius in radii.items():
        found[number] = radius
    return found


def _candidate(generation: int, columns: Mapping[str, Any], hits: Sequence[Hit]) -> Candidate:
    key, version = columns["key_hash"], columns["version_hash"]
    return Candidate(
        generation=generation,
        source=columns["source"],
        key=columns["key"],
        key_bytes="" if columns["key_bytes"] is None else columns["key_bytes"].hex(),
        object=f"{key:016x}{version:016x}",
        digests=[columns[each.value].hex() for each in DIGESTS],
        pictures=[
            Picture(
                each["value"].hex(), each["quality"], each["variant"], each["frame"],
                each["seconds"],
            )
            for each in columns["pdq"]
        ],
        hits=hits,
    )  # fmt: skip
