"""The state of an index: open segments, what of them was withdrawn, and the delta upon them."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Invalid
from amparo.detect.index.delta import DeltaTable
from amparo.detect.index.exact import DigestTable, is_gone
from amparo.detect.index.journal import Change, Journal
from amparo.detect.index.manifest import Manifest
from amparo.detect.index.measured import Measure, Measured, near_by_measure
from amparo.detect.index.model import NEAR, NO_HITS, WIDTH_BYTES, Damaged, Hits, Radii, Rows
from amparo.detect.index.near import NearTable
from amparo.detect.index.segment import Segment, open_segment, verify_segment
from amparo.kernels.digests import rows_of_signals, set_bits

_IN_ORDER = np.empty(0, np.uint32)
"""Near rows stand in the order of their signal numbers already."""


class State:
    """An index as one process sees it. One thread follows the changes; any number search."""

    def __init__(
        self, folder: Path, manifest: Manifest, *, verified: Iterable[str] | None = None
    ) -> None:
        """Open what `manifest` names, and follow the journals to their present end.

        Segments are verified unless they are in `verified`; None verifies none. Raises Damaged;
        FileNotFoundError where a newer manifest has replaced this one.
        """
        self.manifest = manifest
        self.sequence = manifest.sequence
        self.delta = {kind: DeltaTable(kind, width) for kind, width in WIDTH_BYTES.items()}
        self.segments = tuple(open_segment(folder, files) for files in manifest.segments)
        self._folder = folder
        self._journal = Journal(folder, manifest.journals[0])
        if verified is not None:
            for segment in self.segments:
                if segment.files.name not in verified:
                    verify_segment(folder, segment)
        self._withdraw_what_was_gone()
        self.follow(manifest.journals)

    def follow(self, journals: Collection[int]) -> bool:
        """Apply what the journals hold beyond what was applied; whether there was anything.

        `journals` are those of the newest manifest. Raises Damaged; FileNotFoundError where one
        that is still needed was removed.
        """
        applied = False
        while True:
            for change in self._journal.changes():
                self.apply(change)
                applied = True
            if max(journals) <= self._journal.number:
                return applied
            # A journal is begun when the one before it is complete; it may be removed by now.
            self._journal = Journal(self._folder, self._journal.number + 1)

    def is_behind(self) -> bool:
        """Whether the journal that is being followed has grown."""
        return self._journal.has_grown()

    @property
    def journal(self) -> "Journal":
        """The one that is being followed."""
        return self._journal

    def apply(self, change: Change) -> None:
        """Make a change searchable. Raises Damaged where one before it is missing."""
        if change.sequence != self.sequence + 1:
            raise Damaged(
                f"{self._folder}: change {change.sequence} follows change {self.sequence}; "
                "some were lost."
            )
        # Searches look into segments before the delta: what is replaced must be in the delta first.
        for kind in change.added.keys() - self.delta.keys():
            self.delta[kind] = DeltaTable(kind, change.added[kind].values.shape[1])
        for kind, delta in list(self.delta.items()):
            added = change.added.get(kind, Rows.none(delta.width_bytes))
            delta.change(added, change.withdrawn)
        if len(change.withdrawn):
            self._withdraw(change.withdrawn)
        self.sequence = change.sequence

    def near(self, queries: NDArray[np.uint64], radius_bits: Radii) -> Hits:
        """Known hashes near `queries` uint64[Q, 4], by query and distance; see `NearIndex`."""
        queries = np.ascontiguousarray(queries, np.uint64)
        if queries.ndim != 2 or queries.shape[1] != 4:
            raise Invalid("Near hashes are asked for as uint64[Q, 4].")
        parts = [
            segment.near.search(queries, radius_bits)
            for segment in self.segments
            if segment.near is not None
        ]
        if len(self.delta[NEAR]):
            parts.append(self.delta[NEAR].near(queries, radius_bits))
        return parts[0] if len(parts) == 1 else Hits.of(parts)

    def equal(
        self, kind: str, digests: NDArray[np.uint8], lists: frozenset[int] | None = None
    ) -> Hits:
        """Known digests of a kind that are equal to `digests` uint8[Q, W]; at distance 0."""
        if kind == NEAR or kind not in WIDTH_BYTES:
            raise Invalid(f"{kind!r} is no kind of digest.")
        asked = np.ascontiguousarray(digests, np.uint8)
        if asked.ndim != 2 or asked.shape[1] != WIDTH_BYTES[kind]:
            raise Invalid(f"Digests of kind {kind} have {WIDTH_BYTES[kind]} bytes each.")
        parts = [
            segment.digests[kind].search(asked, lists)
            for segment in self.segments
            if kind in segment.digests
        ]
        if len(self.delta[kind]):
            parts.append(self.delta[kind].equal(asked, lists))
        return parts[0] if len(parts) == 1 else Hits.of(parts)

    def measured(
        self, kind: str, queries: NDArray[np.uint8], radii: Mapping[int, int], measure: Measure
    ) -> Hits:
        """Known hashes of another kind within the radius of their list; see `near_by_measure`."""
        if kind in WIDTH_BYTES:
            raise Invalid(f"{kind!r} has a measure of its own.")
        width = self.width_of(kind)
        if width is None:
            return NO_HITS
        asked = np.ascontiguousarray(queries, np.uint8)
        if asked.ndim != 2 or asked.shape[1] != width:
            raise Invalid(f"Hashes of kind {kind} have {width} bytes each.")
        parts = [
            near_by_measure(asked, Measured(one.digests, one.signals, one.lists, one.gone), radii,
                            measure)
            for one in (segment.digests.get(kind) for segment in self.segments)
            if one is not None
        ]  # fmt: skip
        if kind in self.delta:
            parts.append(self.delta[kind].measured(asked, radii, measure))
        return Hits.of(parts)

    def signals_of(self, kind: str) -> NDArray[np.uint64]:
        """The numbers of all signals of a kind that were not withdrawn, in ascending order."""
        parts = [np.empty(0, np.uint64)]
        for segment in self.segments:
            table = tables(segment).get(kind)
            if table is not None:
                parts.append(table.signals[~is_gone(table.gone, np.arange(len(table)))])
        if kind in self.delta:
            parts.append(self.delta[kind].left().signals)
        return np.unique(np.concatenate(parts))

    def width_of(self, kind: str) -> int | None:
        """How many bytes the values of a kind have here; None where there are none."""
        if kind in self.delta:
            return self.delta[kind].width_bytes
        for segment in self.segments:
            if kind in segment.digests:
                return int(segment.digests[kind].digests.shape[1])
        return None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Those that Amparo brings, and what others there are."""
        in_segments = {kind for segment in self.segments for kind in segment.digests}
        return tuple(dict.fromkeys((*WIDTH_BYTES, *self.delta, *sorted(in_segments))))

    def counts(self) -> Mapping[str, int]:
        """How many rows of each kind there are, withdrawn ones left out."""
        counts = dict.fromkeys(self.kinds, 0)
        counts |= {kind: len(delta.left()) for kind, delta in list(self.delta.items())}
        for segment in self.segments:
            for kind, table in tables(segment).items():
                counts[kind] += len(table) - int(np.bitwise_count(table.gone).sum())
        return counts

    def _withdraw(self, signals: NDArray[np.uint64]) -> None:
        for segment in self.segments:
            for table in tables(segment).values():
                by_signal = table.by_signal if isinstance(table, DigestTable) else _IN_ORDER
                set_bits(table.gone, rows_of_signals(table.signals, by_signal, signals))

    def _withdraw_what_was_gone(self) -> None:
        by_name = {segment.files.name: segment for segment in self.segments}
        for known in self.manifest.gone:
            table = tables(by_name[known.segment])[known.kind]
            known.file.verify(self._folder)
            table.gone[:] = known.file.open(self._folder)


def tables(segment: Segment) -> Mapping[str, NearTable | DigestTable]:
    """The tables of a segment by kind."""
    near = {} if segment.near is None else {NEAR: segment.near}
    return {**near, **segment.digests}
