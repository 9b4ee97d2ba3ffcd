"""All signals of a list file, read once, in few bytes each, and written as an index."""

from array import array
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Unavailable
from amparo.detect.hashing.model import Algorithm
from amparo.detect.index import IndexWriter, Rows
from amparo.detect.index.arrays import described, write_array
from amparo.detect.lists import Signal, default_id, read_signals
from amparo.detect.lists.forms import index_kind, index_values
from amparo.detect.matching.known import is_usable
from amparo.detect.matching.list_index.model import Description, ListFile, write_description

Advance = Callable[[float], None]


@dataclass(slots=True)
class _Columns:
    """What is gathered of the signals, in few bytes each."""

    values: dict[str, bytearray] = field(default_factory=lambda: defaultdict(bytearray))
    numbers: dict[str, "array[int]"] = field(
        default_factory=lambda: defaultdict(lambda: array("Q"))
    )
    lines: "array[int]" = field(default_factory=lambda: array("Q"))
    expires: "array[float]" = field(default_factory=lambda: array("d"))
    ids: bytearray = field(default_factory=bytearray)
    id_ends: "array[int]" = field(default_factory=lambda: array("Q"))
    texts: bytearray = field(default_factory=bytearray)
    text_ends: "array[int]" = field(default_factory=lambda: array("Q"))

    def add(self, line: int, signal: Signal, default: str) -> None:
        kind, number = index_kind(signal.algorithm), len(self.lines)
        if signal.text:
            values, (many,) = index_values([signal])
            self.values[kind] += values.tobytes()
            self.numbers[kind].extend([number] * int(many))
            self.texts += signal.text.encode()
        else:
            self.values[kind] += bytes.fromhex(signal.value)
            self.numbers[kind].append(number)
        self.text_ends.append(len(self.texts))
        self.lines.append(line)
        self.expires.append(signal.expires.timestamp() if signal.expires else np.inf)
        if signal.id != default:
            self.ids += signal.id.encode(errors="surrogateescape")
        self.id_ends.append(len(self.ids))

    def rows(self) -> dict[str, Rows]:
        return {
            kind: Rows(
                np.frombuffer(values, np.uint8).reshape(len(self.numbers[kind]), -1),
                np.array(self.numbers[kind], np.uint64),
                np.zeros(len(self.numbers[kind]), np.uint32),
            )
            for kind, values in self.values.items()
            if values
        }


def write_list(building: Path, path: Path, algorithm: Algorithm | None, advance: Advance) -> None:
    """Fill `building` with the index of the list at `path`.

    Raises what `read_signals` raises, and OSError where the disk does not take it.
    """
    source = ListFile.at(path, algorithm)
    columns = _Columns()
    unhashed = poor = 0
    bytes_a_line = 0.0
    for line, signal in read_signals(path, algorithm=algorithm):
        if line == 1000 or line % 100_000 == 0:
            bytes_a_line = bytes_a_line or _bytes_of(path, line) / line
            advance(0.7 * min(1.0, line * bytes_a_line / max(1, source.size_bytes)))
        if signal is None:
            unhashed += 1
        elif not is_usable(signal):
            poor += 1
        else:
            columns.add(line, signal, default_id(path, line))
    with IndexWriter(building) as writer:
        try:
            writer.load(columns.rows(), lambda share: advance(0.7 + 0.3 * share))
        except Unavailable as error:
            raise error.__cause__ or error from None  # the disk's own words are what helps here
    arrays: dict[str, NDArray[np.generic]] = {
        "lines.npy": np.array(columns.lines, np.uint64),
        "expires.npy": np.array(columns.expires, np.float64),
        "ids.npy": np.frombuffer(columns.ids, np.uint8),
        "id-ends.npy": np.array(columns.id_ends, np.uint64),
        "texts.npy": np.frombuffer(columns.texts, np.uint8),
        "text-ends.npy": np.array(columns.text_ends, np.uint64),
    }
    for name, column in arrays.items():
        write_array(building / name, column)
    shapes = {name: (column.dtype.str, column.shape) for name, column in arrays.items()}
    files = tuple(described(building, shapes))
    if ListFile.at(path, algorithm) != source:
        raise Unavailable(f"{path} changed while it was read; try again when it is whole.")
    about = Description(source, len(columns.lines), unhashed, poor, files)
    write_description(building, about)


def _bytes_of(path: Path, lines: int) -> int:
    """How long the first lines are."""
    with path.open("rb") as file:
        return sum(len(file.readline()) for _ in range(lines))
