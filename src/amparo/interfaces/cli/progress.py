"""How far a command is, on standard error: a bar on a terminal; elsewhere a long scan's lines."""

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from amparo.app.walk import walk
from amparo.interfaces.cli.options import announce

_LINE_EVERY_S = 60.0


class Progress(Protocol):
    """What a command tells of its work."""

    def advance(self) -> None:
        """One more file is done."""


class _Silent:
    def advance(self) -> None:
        """Nobody is looking."""


class _Bar:
    """Counts the files in a thread of its own while the work goes on."""

    def __init__(self, paths: Iterable[str]) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._paths = tuple(paths)
        self._bar = Progress(
            SpinnerColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("files"),
            TextColumn("{task.fields[rate]}/s"),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
        )
        self._task = self._bar.add_task("", total=None, rate="…")
        self._stopped = threading.Event()
        self._counter = threading.Thread(target=self._count, name="count-files", daemon=True)

    def start(self) -> None:
        self._bar.start()
        self._counter.start()

    def stop(self) -> None:
        self._stopped.set()
        self._counter.join()
        self._bar.stop()

    def advance(self) -> None:
        """One more file is done."""
        task = self._bar.tasks[0]
        elapsed = task.elapsed or 0.0
        rate = f"{(task.completed + 1) / elapsed:.0f}" if elapsed else "…"
        self._bar.update(self._task, advance=1, rate=rate)

    def _count(self) -> None:
        total = 0
        for _ in walk(self._paths):
            total += 1
            if self._stopped.is_set():
                return
        self._bar.update(self._task, total=total)


@contextmanager
def progress(paths: Iterable[str]) -> Iterator[Progress]:
    """A bar for work on `paths`, where standard error is a terminal and results go elsewhere.

    Where results scroll by on the same terminal they are the progress, and a bar would tear them.
    """
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield _Silent()
        return
    bar = _Bar(paths)
    bar.start()
    try:
        yield bar
    finally:
        bar.stop()


class Archive(Protocol):
    """What a scan of an archive tells of its work."""

    def found(self, objects: int) -> None:
        """So many more are to be read."""

    def done(self, objects: int, problems: int) -> None:
        """So many more were read, so many of which had a problem."""


class ArchiveLines:
    """A line each minute, for a log that somebody reads."""

    def __init__(self, monotonic: Callable[[], float], say: Callable[[str], None]) -> None:
        """`monotonic` gives seconds, from any beginning on."""
        self._monotonic = monotonic
        self._say = say
        self._began = self._said = monotonic()
        self._objects = self._problems = 0

    def found(self, objects: int) -> None:
        """More may come, so that nothing is said of how many are left."""

    def done(self, objects: int, problems: int) -> None:
        """So many more were read, so many of which had a problem."""
        self._objects += objects
        self._problems += problems
        now = self._monotonic()
        if now - self._said < _LINE_EVERY_S:
            return
        self._said = now
        rate = self._objects / (now - self._began)
        self._say(f"{self._objects:,} objects, {rate:,.0f}/s, {self._problems:,} problems")


class _ArchiveBar:
    """Counts towards what is listed so far, which may not be all."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self.bar = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("objects"),
            TextColumn("{task.fields[rate]}/s"),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(elapsed_when_finished=False),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
        )
        self._task = self.bar.add_task("", total=0, rate="…")

    def found(self, objects: int) -> None:
        """So many more are to be read."""
        self.bar.update(self._task, total=(self.bar.tasks[0].total or 0) + objects)

    def done(self, objects: int, problems: int) -> None:
        """So many more were read."""
        task = self.bar.tasks[0]
        elapsed = task.elapsed or 0.0
        rate = f"{(task.completed + objects) / elapsed:.0f}" if elapsed else "…"
        self.bar.update(self._task, advance=objects, rate=rate)


@contextmanager
def archive_bar() -> Iterator[Archive]:
    """A bar for the scan of an archive, or lines where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield ArchiveLines(time.monotonic, announce)
        return
    shown = _ArchiveBar()
    with shown.bar:
        yield shown


@contextmanager
def share_bar(title: str) -> Iterator[Callable[[float], None]]:
    """A bar for one long piece of work, which calls what is given with the share that is done.

    It appears with the first call, and on a terminal only.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True, redirect_stdout=False)
    task = bar.add_task(title, total=1.0, start=False)

    def advance(share: float) -> None:
        if not bar.tasks[0].started:
            bar.start()
            bar.start_task(task)
        bar.update(task, completed=share)

    try:
        yield advance
    finally:
        bar.stop()


@contextmanager
def counting(title: str, what: str) -> Iterator[Callable[[int], None]]:
    """Call what is yielded with how many are done; nobody knows how many there will be."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress as Shown
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn(f"{title}: {{task.completed:,}} {what}")
    console = Console(stderr=True)
    with Shown(*columns, TimeElapsedColumn(), console=console, transient=True) as shown:
        task = shown.add_task("")
        yield lambda done: shown.update(task, completed=done)
