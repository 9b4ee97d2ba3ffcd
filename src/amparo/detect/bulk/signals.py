"""Which signals a look-back searches for: those that lists have gained, or all that are live."""

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select

from amparo.db import Work
from amparo.detect.hashing.model import Algorithm
from amparo.detect.hashing.plug_ins import algorithm_on_record
from amparo.detect.index.model import Rows
from amparo.detect.lists.forms import index_kind, index_values
from amparo.detect.lists.model import Signal, SignalList, StoredSignal
from amparo.detect.lists.store import VALUES_AT_A_TIME, is_live, signal_of
from amparo.detect.lists.tables import ChangeRow, SignalRow

_PAGE = 20_000


@dataclass(frozen=True, slots=True, repr=False)
class Signals:
    """Hashes by algorithm, and within how many bits each list's near hashes count."""

    rows: Mapping[str, Rows]
    radii: Mapping[int, int]

    def __len__(self) -> int:
        return sum(len(rows) for rows in self.rows.values())


def gather_signals(work: Work, lists: Sequence[SignalList], after: Mapping[int, int]) -> Signals:
    """The live signals of the lists that came after a revision of each, in few bytes each."""
    found: defaultdict[str, _Gathered] = defaultdict(_Gathered)
    for each in lists:
        for algorithm, value, number, text in _added(work, each.number, after[each.number]):
            kind = algorithm_on_record(algorithm, len(value))
            if kind == Algorithm.VPDQ:
                frames, _ = index_values([Signal("", kind, value.hex(), text=text)])
                for frame in frames:
                    found[index_kind(kind)].add(frame.tobytes(), number, each.number)
            else:
                found[algorithm].add(value, number, each.number)
    rows = {algorithm: some.rows() for algorithm, some in found.items()}
    return Signals(rows, {each.number: each.radius_bits for each in lists})


class _Gathered:
    """The signals of one algorithm, of which there may be millions."""

    def __init__(self) -> None:
        self._values = bytearray()
        self._numbers = array("Q")
        self._lists = array("I")

    def add(self, value: bytes, number: int, list_number: int) -> None:
        self._values += value
        self._numbers.append(number)
        self._lists.append(list_number)

    def rows(self) -> Rows:
        return Rows(
            np.frombuffer(self._values, np.uint8).reshape(len(self._numbers), -1),
            np.array(self._numbers, np.uint64),
            np.array(self._lists, np.uint32),
        )


def cards(work: Work, numbers: Sequence[int]) -> Iterator[StoredSignal]:
    """What lists say of the signals of these numbers."""
    for first in range(0, len(numbers), VALUES_AT_A_TIME):
        rows = work.execute(
            select(SignalRow.__table__, ChangeRow.revision)
            .join(ChangeRow, ChangeRow.number == SignalRow.added_by)
            .where(SignalRow.number.in_(numbers[first : first + VALUES_AT_A_TIME]), is_live())
        )
        yield from map(signal_of, rows.mappings())


def _added(work: Work, list_number: int, after: int) -> Iterator[tuple[str, bytes, int, str]]:
    last = 0
    asked = (
        select(SignalRow.algorithm, SignalRow.value, SignalRow.number, SignalRow.text)
        .join(ChangeRow, ChangeRow.number == SignalRow.added_by)
        .where(SignalRow.list_number == list_number, ChangeRow.revision > after, is_live())
        .order_by(SignalRow.number)
        .limit(_PAGE)
    )
    while page := work.execute(asked.where(SignalRow.number > last)).all():
        for row in page:
            yield row.algorithm, row.value, row.number, row.text
        last = page[-1].number
