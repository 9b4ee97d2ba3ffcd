"""A segment: known hashes of every kind in a folder of arrays that never changes."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amparo.detect.index.arrays import (
    ArrayFile,
    NewArray,
    described,
    fetch,
    sync_folder,
    verify_all,
    write_array,
)
from amparo.detect.index.exact import DigestTable, in_order
from amparo.detect.index.model import NEAR, Rows
from amparo.detect.index.near import SHORTEST_RING_ROWS, NearTable, ring_tables, table_shapes
from amparo.kernels.hamming import CHUNKS

BUILDING = ".building-"
"""How the folder of an unfinished segment begins; who finds one may remove it."""

About = dict[str, tuple[str, tuple[int, ...]]]
"""The dtype and shape of each array of a table."""

Advance = Callable[[float], None]
"""Called with the share of the work that is done."""


@dataclass(frozen=True, slots=True)
class SegmentFiles:
    """What a manifest says of a segment."""

    name: str
    counts: Mapping[str, int]
    largest_list: int
    files: tuple[ArrayFile, ...]

    @property
    def size_bytes(self) -> int:
        """On disk."""
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Segment:
    """A segment that is open: its tables by kind. `gone` of each is this process's own."""

    files: SegmentFiles
    near: NearTable | None
    digests: Mapping[str, DigestTable]


def open_segment(folder: Path, files: SegmentFiles) -> Segment:
    """Map the arrays; sizes and headers are checked. Raises Damaged, FileNotFoundError."""
    home = folder / files.name
    arrays = {file.name: file.open(home) for file in files.files}

    def part(kind: str, name: str) -> NDArray[Any]:
        return arrays[f"{kind}-{name}.npy"]

    near = None
    digests = {}
    for kind, count in files.counts.items():
        gone = np.zeros((count + 7) // 8, np.uint8)
        common = part(kind, "signals"), part(kind, "lists"), gone
        if kind != NEAR:
            digests[kind] = DigestTable(part(kind, "values"), *common, part(kind, "by_signal"))
            continue
        tables = None
        if count >= SHORTEST_RING_ROWS:
            offsets, sketches, by_bucket = (part(kind, name) for name in table_shapes(count))
            tables = offsets, sketches, by_bucket
        near = NearTable(part(kind, "values"), *common, files.largest_list, tables)
    return Segment(files, near, digests)


def verify_segment(folder: Path, segment: Segment) -> None:
    """Read all bytes, and have them in memory. Raises Damaged."""
    verify_all(folder / segment.files.name, segment.files.files)
    fetch_segment(segment)


def fetch_segment(segment: Segment) -> None:
    """Have all that is searched in memory."""
    if (near := segment.near) is not None:
        for array in (near.hashes, near.signals, near.lists, *(near.tables or ())):
            fetch(array)
    for table in segment.digests.values():
        for array in (table.digests, table.signals, table.lists):
            fetch(array)


def write_segment(
    folder: Path, name: str, rows: Mapping[str, Rows], advance: Advance = lambda _: None
) -> SegmentFiles:
    """A new segment at `folder`/`name`, on disk when this returns. OSError leaves nothing."""
    building = folder / f"{BUILDING}{name}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    try:
        arrays: dict[str, tuple[str, tuple[int, ...]]] = {}
        largest_list = 0
        for kind, known in rows.items():
            if len(known):
                largest_list = max(largest_list, int(known.lists.max()))
                parts = _near_parts if kind == NEAR else _digest_parts
                for part, about in parts(building, kind, known, advance).items():
                    arrays[f"{kind}-{part}.npy"] = about
        counts = {kind: len(known) for kind, known in rows.items() if len(known)}
        files = SegmentFiles(name, counts, largest_list, tuple(described(building, arrays)))
        sync_folder(building)
        os.rename(building, folder / name)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    sync_folder(folder)
    advance(1.0)
    return files


def _near_parts(building: Path, kind: str, known: Rows, advance: Advance) -> About:
    order = np.argsort(known.signals, kind="stable")
    parts: dict[str, NDArray[Any]] = {
        "values": np.ascontiguousarray(known.values[order]).view(np.uint64),
        "signals": known.signals[order],
        "lists": known.lists[order],
    }
    described_parts = _written(building, kind, parts)
    count = len(known)
    if count < SHORTEST_RING_ROWS:
        return described_parts
    advance(0.1)
    tables = {
        part: NewArray(building / f"{kind}-{part}.npy", shape, dtype)
        for part, (shape, dtype) in table_shapes(count).items()
    }
    try:
        for done, each in enumerate(ring_tables(parts["values"]), 1):
            for part, array in zip(tables, each, strict=True):
                tables[part].append(np.asarray(array))
            advance(0.1 + 0.7 * done / CHUNKS)
    finally:
        for table in tables.values():
            table.close()
    return described_parts | {
        part: (table.dtype.str, table.shape) for part, table in tables.items()
    }


def _digest_parts(building: Path, kind: str, known: Rows, _: Advance) -> About:
    order = in_order(known.values)
    signals = known.signals[order]
    parts: dict[str, NDArray[Any]] = {
        "values": np.ascontiguousarray(known.values[order]),
        "signals": signals,
        "lists": known.lists[order],
        "by_signal": np.argsort(signals, kind="stable").astype(np.uint32),
    }
    return _written(building, kind, parts)


def _written(building: Path, kind: str, parts: Mapping[str, NDArray[Any]]) -> About:
    for part, array in parts.items():
        write_array(building / f"{kind}-{part}.npy", array)
    return {part: (array.dtype.str, array.shape) for part, array in parts.items()}
