"""Compaction: rows of the delta become a segment, and small segments become larger ones."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from amparo.detect.index.arrays import ArrayFile, described, sync_folder, write_array
from amparo.detect.index.exact import is_gone
from amparo.detect.index.manifest import GoneFile, Manifest
from amparo.detect.index.model import Rows
from amparo.detect.index.near import NearTable
from amparo.detect.index.segment import Advance, Segment, SegmentFiles, write_segment
from amparo.detect.index.state import State, tables

MOST_OF_A_SIZE = 4
"""Segments whose sizes lie within a factor of four; one more, and they are merged."""

GONE_SHARE = 5
"""A segment of which more than a fifth was withdrawn is written anew."""


def is_worthwhile(state: State, rows: int) -> bool:
    """Whether the delta has grown to so many rows."""
    return sum(len(delta) for delta in state.delta.values()) >= rows


def compacted(
    folder: Path,
    frozen: State,
    *,
    everything: bool,
    loaded: Mapping[str, Rows],
    advance: Advance,
) -> Manifest:
    """The manifest of what `frozen` holds and of what is `loaded`; its journals are to be set.

    OSError leaves nothing behind.
    """
    merged = list(frozen.segments) if everything else _to_merge(frozen, loaded)
    kept = [segment for segment in frozen.segments if segment not in merged]
    number = frozen.manifest.generation
    segments = [segment.files for segment in kept]
    made: list[Path] = []
    try:
        kinds = dict.fromkeys((*frozen.kinds, *loaded))
        rows = {kind: _joined(kind, merged, frozen, loaded.get(kind)) for kind in kinds}
        if any(map(len, rows.values())):
            name = f"segment-{number:08d}"
            segments.append(write_segment(folder, name, rows, advance))
            made.append(folder / name)
        gone = [_written(folder, one, kind, number, made) for one in kept for kind in tables(one)]
        sync_folder(folder)
    except BaseException:
        for path in made:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        raise
    return replace(
        frozen.manifest,
        sequence=frozen.sequence,
        segments=tuple(segments),
        gone=tuple(one for one in gone if one is not None),
    )


def _to_merge(frozen: State, loaded: Mapping[str, Rows]) -> list[Segment]:
    """Segments of which too many are alike, and those that have lost too much."""
    merged = [
        segment
        for segment in frozen.segments
        if sum(int(np.bitwise_count(table.gone).sum()) for table in tables(segment).values())
        * GONE_SHARE
        > _rows(segment.files)
    ]
    coming = sum(len(delta) for delta in frozen.delta.values())
    coming += sum(len(rows) for rows in loaded.values())
    while True:
        alike = [
            segment
            for segment in frozen.segments
            if segment not in merged and _size_class(_rows(segment.files)) <= _size_class(coming)
        ]
        if len(alike) < MOST_OF_A_SIZE:
            return merged
        merged += alike
        coming += sum(_rows(segment.files) for segment in alike)


def _size_class(rows: int) -> int:
    return (max(rows, 1).bit_length() + 1) // 2


def _rows(files: SegmentFiles) -> int:
    return sum(files.counts.values())


def _joined(kind: str, merged: Sequence[Segment], frozen: State, loaded: Rows | None) -> Rows:
    """All rows of a kind that were not withdrawn."""
    parts = [] if loaded is None else [loaded]
    if kind in frozen.delta and (len(frozen.delta[kind]) or not parts):
        parts.append(frozen.delta[kind].left())
    for segment in merged:
        table = tables(segment).get(kind)
        if table is not None:
            there = np.flatnonzero(~is_gone(table.gone, np.arange(len(table))))
            values = table.hashes.view(np.uint8) if isinstance(table, NearTable) else table.digests
            parts.append(Rows(values[there], table.signals[there], table.lists[there]))
    if not parts:  # in segments alone, none of which is merged
        return Rows.none(frozen.width_of(kind) or 0)
    if len(parts) == 1:
        return parts[0]
    return Rows(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.signals for part in parts]),
        np.concatenate([part.lists for part in parts]),
    )


def _written(
    folder: Path, segment: Segment, kind: str, number: int, made: list[Path]
) -> GoneFile | None:
    gone = tables(segment)[kind].gone
    if not gone.any():
        return None
    name = f"gone-{number:08d}-{segment.files.name}-{kind}.npy"
    made.append(folder / name)
    write_array(folder / name, gone)
    file: ArrayFile = described(folder, {name: (gone.dtype.str, gone.shape)})[0]
    return GoneFile(segment.files.name, kind, file)
