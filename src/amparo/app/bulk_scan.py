"""Scan an archive to a catalogue, with the sandbox and the limits that the settings want.

Workers open all of this in processes of their own, so that nothing heavy is imported before that.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from secrets import token_hex

from amparo.app.bulk_tree import TreeSource
from amparo.app.compiled import ensure_compiled
from amparo.app.sandbox import open_sandbox
from amparo.core.clock import SystemClock
from amparo.core.settings import Settings
from amparo.detect.bulk.each import Runner
from amparo.detect.bulk.lock import one_of_its_workers, one_scan
from amparo.detect.bulk.model import Report
from amparo.detect.bulk.pace import Pace, Rate
from amparo.detect.bulk.place import place_of
from amparo.detect.bulk.scan import Plan, Progress, scan_archive
from amparo.detect.bulk.source import Source, StoreSource
from amparo.detect.bulk.stores import is_url

_READERS_A_PROCESS = 4
"""A process that hashes never waits for its next object, unless the store is slow."""

_READERS_OF_STORES = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator asked for: from where to where, by whom, how fast."""

    source: str
    catalogue: str
    runner: Runner = Runner.LOCAL
    workers: int = 1
    rate: Rate = Rate()
    objects_a_part: int = 500
    repair: bool = False


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
    with one_scan(place, run, clock) as check:
        catalogue = Catalogue.made(place, clock.now())
        for part in catalogue.put_aside() if asked.repair else ():
            announce(f"{part} was damaged; it is put aside, and what it held is hashed anew.")
        work = partial(open_scanner, asked, run, settings)
        plan = Plan(run, asked.runner, asked.workers, asked.objects_a_part)
        return scan_archive(source, catalogue, work, plan, progress, check)


def source_of(source: str, rate: Rate) -> Source:
    """The archive that `source` names. Raises NotFound, Invalid."""
    return StoreSource(source, rate) if is_url(source) else TreeSource(source)


@contextmanager
def open_scanner(asked: Asked, run: str, settings: Settings) -> Iterator[Callable[[bytes], bytes]]:
    """What a worker does with a batch, its sandbox at work until the block ends."""
    ensure_compiled(settings.home, lambda _: None)
    with open_sandbox(settings) as sandbox:
        from amparo.app.hash_upload import UploadHasher
        from amparo.detect.bulk.catalogue import Catalogue
        from amparo.detect.bulk.hash_batch import Scanner

        place = place_of(asked.catalogue)
        share = asked.rate.share(asked.workers)
        per_process = _READERS_OF_STORES if is_url(asked.source) else _READERS_A_PROCESS
        with (
            closing(UploadHasher(sandbox, settings)) as hasher,
            one_of_its_workers(place, run) as check,
        ):
            yield Scanner(
                source=source_of(asked.source, share),
                catalogue=Catalogue.open(place),
                hash=hasher.hash,
                pace=Pace(share),
                clock=SystemClock(),
                check=check,
                readers=sandbox.processes * per_process,
                max_file_bytes=settings.max_file_bytes,
            ).scan
