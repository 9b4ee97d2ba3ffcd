"""One scan of a catalogue at a time: by a lock in a folder, by a lease in an object store.

A lock of the operating system ends with the process that has it. A lease is renewed while its owner
lives; where the owner was killed on this machine it is taken over at once, and otherwise after a
minute. Whoever adds a part looks first whether the catalogue is still its run's.
"""

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from amparo.core.clock import Clock
from amparo.core.errors import AmparoError, Conflict, NotFound
from amparo.detect.bulk.place import FolderPlace, Place, StorePlace, cannot
from amparo.detect.bulk.stores import told_by_store

_LOCK = "scan.lock"
_WORKING = "working.lock"
_LEASE = timedelta(seconds=60)
_RENEWED_EVERY_S = 15.0
_WAIT_FOR_WORKERS_S = 30.0
_WORKERS_END_S = 1.0
_LOOK_S = 0.1

Check = Callable[[], None]
"""Raises Conflict where the catalogue is another run's by now."""


@contextmanager
def one_scan(place: Place, run: str, clock: Clock) -> Iterator[Check]:
    """The catalogue is this run's until the block ends. Raises Conflict where it is another's."""
    if isinstance(place, FolderPlace):
        with _folder_locked(place.folder, run):
            yield lambda: None
        return
    assert isinstance(place, StorePlace)
    lease = _Lease(place, run, clock)
    lease.take()
    try:
        yield lease.check
    finally:
        lease.give_back()


@contextmanager
def one_of_its_workers(place: Place, run: str) -> Iterator[Check]:
    """A worker of that run is at work; what it yields is asked before each part."""
    if isinstance(place, FolderPlace):
        with _locks(place.folder, _WORKING) as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield lambda: _check_run(_said(place.folder / _LOCK), run)
        return
    yield lambda: _check_run(_lease_of(place).get("run"), run)


def is_scanned(place: Place) -> bool:
    """Whether something may still be added by a scan, or by workers that outlive one.

    A lease that was not given back is taken for such: where its workers are nobody knows. Raises
    Denied, Unavailable.
    """
    if isinstance(place, FolderPlace):
        return any(
            _is_held(place.folder / name, kind)
            for name, kind in ((_LOCK, fcntl.LOCK_SH), (_WORKING, fcntl.LOCK_EX))
        )
    return bool(_lease_of(place))


def _is_held(path: Path, kind: int) -> bool:
    """Whether others have a lock; nothing is written, so that the folder may be read-only."""
    try:
        with path.open("rb") as file:
            return not _taken(file, kind)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise cannot(path, "read", error) from error


def _check_run(found: object, run: str) -> None:
    if found != run:
        raise Conflict("Another scan has taken the catalogue over; this one adds nothing more.")


@contextmanager
def _folder_locked(folder: Path, run: str) -> Iterator[None]:
    with _locks(folder, _LOCK) as file:
        if not _taken(file, fcntl.LOCK_EX):
            raise Conflict(f"A scan is at work in {folder}; begin again when it has ended.")
        file.truncate(0)
        file.write(run.encode())
        file.flush()
        _await_workers(folder)
        yield


def _locks(folder: Path, name: str) -> BinaryIO:
    """A file to be locked, made where there is none. Raises Denied, Unavailable."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return (folder / name).open("ab")
    except OSError as error:
        raise cannot(folder, "written", error) from error


def _await_workers(folder: Path) -> None:
    """Those of a run that was killed end as soon as they see it."""
    until = time.monotonic() + _WAIT_FOR_WORKERS_S
    with _locks(folder, _WORKING) as file:
        while not _taken(file, fcntl.LOCK_EX):
            if time.monotonic() > until:
                raise Conflict(f"Workers of an earlier scan are still at work in {folder}.")
            time.sleep(_LOOK_S)


def _taken(file: Any, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _said(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _lease_of(place: Place) -> dict[str, Any]:
    try:
        found = json.loads(place.read(_LOCK))
    except NotFound:
        return {}
    return found if isinstance(found, dict) else {}


def _is_alive(lease: dict[str, Any], now: datetime) -> bool:
    """Whether its owner may be at work still."""
    if not lease or now > datetime.fromisoformat(lease["until"]):
        return False
    here = lease["host"] == socket.gethostname() and lease["boot"] == _boot()
    return not here or _started(lease["pid"]) == lease["started"]


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _started(pid: int) -> str | None:
    """When a process began, so that another of its number is not taken for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return None


class _Lease:
    """An object that says whose the catalogue is, and until when."""

    def __init__(self, place: StorePlace, run: str, clock: Clock) -> None:
        self._place = place
        self._run = run
        self._clock = clock
        self._stop = threading.Event()
        self._lost = ""
        self._e_tag: str | None = None
        self._renewing = threading.Thread(target=self._renew, name="lease", daemon=True)

    def take(self) -> None:
        """Raises Conflict where somebody has it."""
        with told_by_store(f"catalogue {self._place.url}"):
            taken = self._create() or self._take_over()
        if not taken:
            raise Conflict(
                f"A scan is at work in {self._place.url}, or was a minute ago; begin again when it "
                "has ended."
            )
        self._renewing.start()

    def check(self) -> None:
        """Raises Conflict where it is another's by now."""
        if self._lost:
            raise Conflict(self._lost)

    def give_back(self) -> None:
        """Let the next one begin at once."""
        import obstore

        self._stop.set()
        self._renewing.join()
        if not self._lost and _lease_of(self._place).get("run") == self._run:
            with told_by_store(f"catalogue {self._place.url}"):
                obstore.delete(self._place.store, _LOCK)

    def _words(self) -> bytes:
        return json.dumps(
            {
                "run": self._run, "host": socket.gethostname(), "boot": _boot(),
                "pid": os.getpid(), "started": _started(os.getpid()),
                "until": (self._clock.now() + _LEASE).isoformat(),
            }
        ).encode()  # fmt: skip

    def _create(self) -> bool:
        import obstore
        from obstore.exceptions import AlreadyExistsError

        try:
            put = obstore.put(self._place.store, _LOCK, self._words(), mode="create")
        except AlreadyExistsError:
            return False
        self._e_tag = put["e_tag"]
        return True

    def _take_over(self) -> bool:
        """Of an owner that is gone."""
        import obstore

        found = obstore.get(self._place.store, _LOCK)
        e_tag = found.meta["e_tag"]
        lease = json.loads(bytes(found.bytes()))
        if _is_alive(lease, self._clock.now()) or not self._put_over(e_tag):
            return False
        time.sleep(_WORKERS_END_S)  # those on this machine see within half of it that it is gone
        return True

    def _put_over(self, e_tag: str | None) -> bool:
        import obstore
        from obstore.exceptions import PreconditionError

        assert e_tag is not None
        try:
            put = obstore.put(
                self._place.store, _LOCK, self._words(),
                mode={"e_tag": e_tag},
            )  # fmt: skip
        except PreconditionError:
            return False
        self._e_tag = put["e_tag"]
        return True

    def _is_ours(self) -> bool:
        """Whether a renewal was written whose answer got lost on its way."""
        import obstore

        found = obstore.get(self._place.store, _LOCK)
        self._e_tag = found.meta["e_tag"]
        return bool(json.loads(bytes(found.bytes())).get("run") == self._run)

    def _renew(self) -> None:
        renewed = time.monotonic()
        while not self._stop.wait(_RENEWED_EVERY_S):
            try:
                with told_by_store(f"catalogue {self._place.url}"):
                    held = self._put_over(self._e_tag) or self._is_ours()
            except AmparoError as error:
                held = time.monotonic() - renewed < _LEASE.total_seconds()
                self._lost = "" if held else error.message
            else:
                renewed = time.monotonic()
                self._lost = "" if held else "Another scan has taken the catalogue over."
            if self._lost:
                return
