"""Search an index that another process may be changing: each question sees the newest changes."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import AmparoError, NotFound, Unavailable
from amparo.detect.index.manifest import NAME, Manifest, read_manifest
from amparo.detect.index.measured import Measure
from amparo.detect.index.model import Damaged, Hits, Radii
from amparo.detect.index.state import State

_MOST_OPENINGS = 20


class IndexReader:
    """Reads the index in a folder, from any number of threads and of processes.

    Opening verifies every byte. Afterwards a new segment is verified in the background while
    searches go on, and changes are followed between two searches.
    """

    def __init__(self, folder: Path, *, verify: bool = True) -> None:
        """Raises NotFound where there is no index, Damaged where a byte of it is wrong."""
        self._folder = folder
        self._verify = verify
        self._following = threading.Lock()
        self._opening: threading.Thread | None = None
        self._opened: State | AmparoError | None = None
        self._manifest = str(folder / NAME)
        self._stamp = _stamp(self._manifest)
        self._newest = read_manifest(folder)
        self._state = self._open(None)

    @property
    def state(self) -> State:
        """The newest, after following the changes until now."""
        if self._is_new() and self._following.acquire(blocking=False):
            # Otherwise another thread does it just now, between two of its searches.
            try:
                self._follow()
            finally:
                self._following.release()
        return self._state

    def near(self, queries: NDArray[np.uint64], radius_bits: Radii) -> Hits:
        """Known hashes near `queries` uint64[Q, 4], by query and distance; none is missed.

        `radius_bits` up to 31 holds for all lists, or maps each list that is to be searched to its
        own. Raises Damaged where the changes since the last search cannot be read.
        """
        return self.state.near(queries, radius_bits)

    def equal(
        self, kind: str, digests: NDArray[np.uint8], lists: frozenset[int] | None = None
    ) -> Hits:
        """Known digests of `kind` equal to `digests` uint8[Q, W], on any or on those lists."""
        return self.state.equal(kind, digests, lists)

    def measured(
        self, kind: str, queries: NDArray[np.uint8], radii: Mapping[int, int], measure: Measure
    ) -> Hits:
        """Known hashes of another `kind` within the radius of each list, by a measure of its own.

        Raises Unavailable where the measure fails.
        """
        return self.state.measured(kind, queries, radii, measure)

    def wait(self) -> None:
        """Return when no new segment is being verified."""
        if self._opening is not None:
            self._opening.join()

    def _is_new(self) -> bool:
        """Whether anything has happened since the last search."""
        return (
            self._opened is not None
            or self._state.is_behind()
            or self._stamp != _stamp(self._manifest)
        )

    def _follow(self) -> None:
        state = self._state
        if self._opened is not None:
            opened, self._opened, self._opening = self._opened, None, None
            if isinstance(opened, AmparoError):
                raise opened
            state = opened
        stamp = _stamp(self._manifest)
        if stamp != self._stamp:
            self._newest = read_manifest(self._folder)
        if self._newest.identity != state.manifest.identity:
            self._open_anew()
            self._stamp = stamp
            return
        if self._opening is None and _is_outdated(state.manifest, self._newest):
            self._opening = threading.Thread(
                target=self._open_in_background, name="open-index", daemon=True
            )
            self._opening.start()
        try:
            state.follow(self._newest.journals)
        except (FileNotFoundError, Damaged):
            # A journal was compacted away before it was read, or a record of it taken back because
            # the disk failed: only the newest has it all. Where that is damaged too, it is told.
            self._open_anew()
        else:
            self._state = state  # not before it has all that was searched until now
        self._stamp = stamp

    def _open_anew(self) -> None:
        """The newest now, without going on meanwhile with what is searched."""
        self._opened = self._opening = None
        self._state = self._open(self._state)

    def _open_in_background(self) -> None:
        try:
            opened: State | AmparoError = self._open(self._state)
        except AmparoError as error:
            opened = error
        if self._opening is threading.current_thread():  # otherwise it is no longer wanted
            self._opened = opened

    def _open(self, known: State | None) -> State:
        """The newest; segments that are open in `known` have been verified."""
        for _ in range(_MOST_OPENINGS):
            manifest = read_manifest(self._folder)
            try:
                return State(self._folder, manifest, verified=self._verified(manifest, known))
            except (FileNotFoundError, Damaged) as error:
                failure = error
                if read_manifest(self._folder) == manifest:
                    break
        if isinstance(failure, Damaged):
            raise failure
        raise Unavailable(
            f"{self._folder} lacks {failure.filename}, which its manifest names."
        ) from failure

    def _verified(self, manifest: Manifest, known: State | None) -> frozenset[str] | None:
        if not self._verify:
            return None
        if known is None or known.manifest.identity != manifest.identity:
            return frozenset()
        return frozenset(segment.files.name for segment in known.segments)


def _is_outdated(known: Manifest, newest: Manifest) -> bool:
    """Whether there are other segments; other journals are merely followed."""
    return newest.generation > known.generation and (
        (newest.segments, newest.gone) != (known.segments, known.gone)
    )


def _stamp(path: str) -> tuple[int, int, int]:
    try:
        status = os.stat(path)
    except FileNotFoundError as error:
        raise NotFound(f"There is no index in {os.path.dirname(path)}.") from error
    return status.st_ino, status.st_mtime_ns, status.st_size
