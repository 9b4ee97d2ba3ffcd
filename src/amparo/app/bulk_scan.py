"""Scan an archive to a catalogue, with the sandbox and the limits that the settings want.

Workers open all of this in processes of their own, so that nothing heavy is imported before that.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from amparo.app.bulk_tree import TreeSource
from amparo.app.compiled import ensure_compiled
from amparo.app.sandbox import open_sandbox
from amparo.core.clock import SystemClock
from amparo.core.errors import Invalid
from amparo.core.problems import Problem
from amparo.core.settings import Settings
from amparo.detect.bulk.each import Crew, Runner
from amparo.detect.bulk.lock import one_of_its_workers, one_scan
from amparo.detect.bulk.model import Report
from amparo.detect.bulk.pace import NO_LIMIT, Pace, Rate
from amparo.detect.bulk.place import Place, place_of
from amparo.detect.bulk.scan import Plan, Progress, scan_archive
from amparo.detect.bulk.source import Source, StoreSource
from amparo.detect.bulk.stores import is_url

if TYPE_CHECKING:
    from amparo.detect.hashing.model import MediaHashes

_READERS_A_PROCESS = 8
"""Requests to a store under way, so that none that hashes waits for its next object."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator asked for: from where to where, by whom, how fast."""

    source: str
    catalogue: str
    runner: Runner = Runner.LOCAL
    workers: int = 1
    rate: Rate = NO_LIMIT
    objects_a_part: int = 500
    repair: bool = False
    surface: str = "storage"
    """What the archive is of: post, message, storage or profile."""


def bulk_scan(
    asked: Asked, settings: Settings, progress: Progress, announce: Callable[[str], None]
) -> Report:
    """Hash what the catalogue does not have yet; what became of it.

    Raises NotFound, Invalid, Conflict, Denied, Unavailable.
    """
    from amparo.detect.bulk.catalogue import Catalogue

    clock = SystemClock()
    run = token_hex(8)
    source = source_of(asked.source, asked.rate)
    place = place_of(asked.catalogue)
    check_apart(source, place)
    with one_scan(place, run, clock) as check:
        catalogue = Catalogue.made(place, clock.now(), asked.surface)
        for part in catalogue.put_aside() if asked.repair else ():
            announce(f"{part} was damaged; it is put aside, and what it held is hashed anew.")
        work = partial(open_scanner, asked, run, settings)
        crew = Crew(asked.runner, asked.workers, partial(prepare, settings))
        plan = Plan(run, crew, asked.objects_a_part)
        return scan_archive(source, catalogue, work, plan, progress, check)


def check_apart(source: Source, place: Place) -> None:
    """Raises Invalid where the catalogue would become part of the archive, by links too."""
    archive, catalogue = _where(source.id), _where(place.url)
    if f"{catalogue}/".startswith(f"{archive.rstrip('/')}/"):
        raise Invalid(
            f"The catalogue {place.url} lies within the archive {source.id}; put it elsewhere."
        )


def _where(named: str) -> str:
    """A folder by its path without links; a URL as it is, save of a folder."""
    if not is_url(named):
        return os.path.realpath(named)
    parts = urlsplit(named)
    return os.path.realpath(unquote(parts.path)) if parts.scheme == "file" else named


def prepare(settings: Settings) -> None:
    """What a worker must do before it loads a kernel, on whatever machine it is."""
    ensure_compiled(settings.home, lambda _: None)


def source_of(source: str, rate: Rate) -> Source:
    """The archive that `source` names. Raises NotFound, Invalid."""
    return StoreSource(source, rate) if is_url(source) else TreeSource(source)


@contextmanager
def open_scanner(asked: Asked, run: str, settings: Settings) -> Iterator[Callable[[bytes], bytes]]:
    """What a worker does with a batch, its sandbox at work until the block ends."""
    place = place_of(asked.catalogue)
    share = asked.rate.share(asked.workers)
    with open_sandbox(settings) as sandbox, one_of_its_workers(place, run) as check:
        from amparo.app.hash_files import FileHashes, hash_opened
        from amparo.detect.bulk.catalogue import Catalogue
        from amparo.detect.bulk.hash_batch import Opened, Scanner
        from amparo.detect.hashing.model import MediaHashes

        def named(opened: Opened) -> tuple[str, FileHashes | bytes]:
            if isinstance(opened, Problem):
                return "", FileHashes("", problem=opened)
            if isinstance(opened, MediaHashes):
                return "", FileHashes("", opened)
            return "", opened

        def hash_all(opened: Iterable[Opened]) -> "Iterator[MediaHashes | Problem]":
            for file in hash_opened(map(named, opened), sandbox, settings, with_variants=True):
                found = file.hashes or file.problem
                assert found is not None
                yield found

        yield Scanner(
            source=source_of(asked.source, share),
            catalogue=Catalogue.open(place),
            hash_all=hash_all,
            pace=Pace(share),
            clock=SystemClock(),
            check=check,
            max_file_bytes=settings.max_file_bytes,
            readers=_READERS_A_PROCESS * sandbox.processes if is_url(asked.source) else 0,
        ).scan
