"""Change an index: what is added or withdrawn is on disk and searchable when the call returns."""

import fcntl
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Conflict, Invalid, NotFound, Unavailable
from amparo.detect.index.compaction import compacted, is_worthwhile
from amparo.detect.index.journal import Change, NotAppendedError, append, journal_path, new_journal
from amparo.detect.index.manifest import NAME, Manifest, publish_manifest, read_manifest
from amparo.detect.index.model import KIND, Hits, Radii, Rows
from amparo.detect.index.segment import Advance
from amparo.detect.index.state import State

LOCK = "lock"
COMPACT_ROWS = 8192
"""When so many rows are in no segment yet, they are made into one in the background."""

_NOTHING = np.empty(0, np.uint64)


class IndexWriter:
    """The only one that changes the index in a folder, which is made if need be.

    Use it in a `with` block, from any number of threads. A killed process loses nothing that a
    call had returned from. A fork may search it, and no more.
    """

    def __init__(
        self, folder: Path, *, compact_rows: int = COMPACT_ROWS, verify: bool = True
    ) -> None:
        """Raises Conflict where another process changes it, Damaged where a byte is wrong."""
        self._folder = folder
        self._compact_rows = compact_rows
        self._changing = threading.Lock()
        self._compacting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._was_cut = False
        self._process = os.getpid()
        self._lock = _locked(folder)
        try:
            self._state = self._opened(verify=verify)
        except BaseException:
            self._give_up_lock()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let a compaction end, and give up the lock."""
        if self._thread is not None:
            self._thread.join()
        self._give_up_lock()

    def _give_up_lock(self) -> None:
        if self._lock >= 0:
            if self._process == os.getpid():  # a fork only lets go of its own copy
                fcntl.flock(self._lock, fcntl.LOCK_UN)
            os.close(self._lock)
            self._lock = -1

    @property
    def state(self) -> State:
        """What is searched in this process; it has every change that a call returned from."""
        return self._state

    def change(
        self, added: Mapping[str, Rows] | None = None, withdrawn: NDArray[np.uint64] = _NOTHING
    ) -> int:
        """Withdraw signals, then add rows by kind, as one change; the number of the change.

        A signal number that was withdrawn may be added again. Raises Invalid, and Unavailable
        where the disk does not take it; then nothing was changed.
        """
        added = {kind: rows for kind, rows in (added or {}).items() if len(rows)}
        _check_kinds(added, self._state)
        if withdrawn.dtype != np.uint64 or withdrawn.ndim != 1:
            raise Invalid("Signal numbers are given as uint64[N].")
        with self._changing:
            self._check()
            state = self._state
            change = Change(state.sequence + 1, withdrawn, added)
            if not len(change):
                return state.sequence
            self._append(change)
            state.apply(change)
            state.journal.skip()
            if is_worthwhile(state, self._compact_rows) and self._thread_is_free():
                self._thread = threading.Thread(target=self._compact_quietly, name="compact-index")
                self._thread.start()
            return change.sequence

    def _append(self, change: Change) -> None:
        """Write it down. Raises Unavailable where the disk does not take it.

        A reader may have seen a record that was taken back. What follows comes in a new journal, by
        which it is told.
        """
        try:
            if self._was_cut:
                self._next_journal()
                self._was_cut = False
            append(self._state.journal.path, change)
        except NotAppendedError as error:
            self._was_cut = True
            if error.was_removed:
                raise _not_kept(error) from error
            self._give_up_lock()
            raise Unavailable(
                f"The change cannot be kept for certain ({error}). This index was closed; open it "
                "again to see whether it was."
            ) from error
        except OSError as error:
            raise _not_kept(error) from error

    def near(self, queries: NDArray[np.uint64], radius_bits: Radii) -> Hits:
        """What `IndexReader.near` finds."""
        return self._state.near(queries, radius_bits)

    def equal(
        self, kind: str, digests: NDArray[np.uint8], lists: frozenset[int] | None = None
    ) -> Hits:
        """What `IndexReader.equal` finds."""
        return self._state.equal(kind, digests, lists)

    def load(self, added: Mapping[str, Rows], advance: Advance = lambda _: None) -> None:
        """Add very many rows, as a segment of their own; searchable when this returns.

        Other changes go on meanwhile. Raises Invalid, and Unavailable where the disk does not take
        it; then nothing was changed.
        """
        _check_kinds(added, self._state)
        self.compact(loaded=added, advance=advance)

    def compact(
        self,
        *,
        everything: bool = False,
        loaded: Mapping[str, Rows] = MappingProxyType({}),
        advance: Advance = lambda _: None,
    ) -> None:
        """Make segments of what is in none.

        With `everything`, one of all, without any trace of what was withdrawn. `loaded` rows come
        into it too. Searches and changes go on meanwhile.
        Raises Unavailable where the disk does not take it; the index is then as it was.
        """
        with self._compacting:
            frozen = self._begin_journal()
            try:
                manifest = compacted(
                    self._folder, frozen, everything=everything, loaded=loaded, advance=advance
                )
                self._take_over(manifest, done=frozen.manifest.journals[-1])
            except OSError as error:
                raise self._not_compacted(error) from error

    def _take_over(self, manifest: Manifest, done: int) -> None:
        """Search what `manifest` names, and the changes since, and tell everybody to.

        `done` is the last journal that has come into it.
        """
        verified = frozenset(one.name for one in manifest.segments)
        journals = self._journals_after(done)
        state = State(self._folder, replace(manifest, journals=journals), verified=verified)
        with self._changing:
            journals = self._journals_after(done)
            generation = self._state.manifest.generation + 1
            manifest = replace(manifest, generation=generation, journals=journals)
            state.follow(journals)
            self._publish(manifest)
            state.manifest = manifest
            self._state = state
        _remove_strays(self._folder, manifest)

    def _journals_after(self, done: int) -> tuple[int, ...]:
        return tuple(number for number in self._state.manifest.journals if number > done)

    def _begin_journal(self) -> State:
        """From now on changes go into a new journal; the state as it is until then."""
        with self._changing:
            self._check()
            try:
                frozen = State(self._folder, self._state.manifest)
                self._next_journal()
            except OSError as error:
                raise self._not_compacted(error) from error
            return frozen

    def _next_journal(self) -> None:
        state = self._state
        last = state.manifest.journals[-1]
        manifest = replace(
            state.manifest,
            generation=state.manifest.generation + 1,
            journals=(*state.manifest.journals, last + 1),
        )
        new_journal(self._folder, last + 1)
        self._publish(manifest)
        state.manifest = manifest
        state.follow(manifest.journals)

    def _publish(self, manifest: Manifest) -> None:
        """Replace the manifest. One that is seen but not surely on disk ends this writer."""
        try:
            publish_manifest(self._folder, manifest)
        except OSError:
            if read_manifest(self._folder) != self._state.manifest:
                self._give_up_lock()
            raise

    def _not_compacted(self, error: OSError) -> Unavailable:
        why = error.strerror or error
        rest = "it is as it was" if self._lock >= 0 else "it was closed; open it again"
        return Unavailable(f"{self._folder} cannot be compacted ({why}); {rest}.")

    def _compact_quietly(self) -> None:
        try:
            self.compact()
        except BaseException as error:  # noqa: BLE001 (raised at the next change)
            self._failure = error

    def _thread_is_free(self) -> bool:
        return self._thread is None or not self._thread.is_alive()

    def _check(self) -> None:
        if self._lock < 0:
            raise Conflict("This index was closed.")
        if self._process != os.getpid():
            raise Conflict("An index is changed by the process that opened it, not by its fork.")
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _opened(self, *, verify: bool) -> State:
        try:
            manifest = read_manifest(self._folder)
        except NotFound:
            manifest = Manifest.empty()
            new_journal(self._folder, manifest.journals[0])
            publish_manifest(self._folder, manifest)
        _remove_strays(self._folder, manifest)
        try:
            state = State(self._folder, manifest, verified=frozenset() if verify else None)
        except FileNotFoundError as error:
            raise Unavailable(
                f"{self._folder} lacks {error.filename}, which its manifest names."
            ) from error
        state.journal.cut_torn()
        return state


def _not_kept(error: Exception) -> Unavailable:
    return Unavailable(f"The change cannot be kept ({error}); nothing was changed.")


def _check_kinds(added: Mapping[str, Rows], state: State) -> None:
    for kind, rows in added.items():
        width = rows.values.shape[1]
        if not KIND.fullmatch(kind) or (state.width_of(kind) or width) != width:
            raise Invalid(f"{kind!r} is no kind of hash with {width} bytes.")


@contextmanager
def no_writer(folder: Path) -> Iterator[None]:
    """Nobody changes the index in a folder meanwhile. Raises Conflict where somebody does."""
    lock = _locked(folder)
    try:
        yield
    finally:
        os.close(lock)


def _locked(folder: Path) -> int:
    """A descriptor that holds the only lock. Raises Conflict, Unavailable."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unavailable(
            f"The index in {folder} cannot be changed from here ({error.strerror or error})."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise Conflict(f"Another process is changing the index in {folder}.") from error
    return descriptor


def _remove_strays(folder: Path, manifest: Manifest) -> None:
    """Remove what the manifest does not name; whoever has it open keeps it until they let go."""
    named = {NAME, LOCK, *(one.name for one in manifest.segments)}
    named |= {one.file.name for one in manifest.gone}
    named |= {journal_path(folder, number).name for number in manifest.journals}
    for path in folder.iterdir():
        if path.name in named or not path.name.startswith(_OURS):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


_OURS = ("segment-", "journal-", "gone-", ".building-", ".manifest-new")
