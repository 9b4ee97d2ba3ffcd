"""Scan an archive to a catalogue: what it has not yet is given to workers, batch by batch."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from amparo.core.errors import NotFound
from amparo.detect.bulk.catalogue import Catalogue, Known
from amparo.detect.bulk.each import Crew, OpenWork, each
from amparo.detect.bulk.lock import Check
from amparo.detect.bulk.model import Batch, Item, Report, fingerprint
from amparo.detect.bulk.parts import PartName
from amparo.detect.bulk.source import Source

_OBJECTS_AT_A_TIME = 32_000
"""For each worker, who is opened anew after these; no more of the listing is held."""

_BATCHES_AT_A_TIME = 16
"""At least, so that nobody waits long for the last one."""

_MOST_BYTES = 1024 * 1024 * 1024
"""Of the objects of one part, so that a kill never loses much."""

_LISTED_AT_A_TIME = 10_000


class Progress(Protocol):
    """What a scan tells of its work."""

    def found(self, objects: int, *, unchanged: int) -> None:
        """So many more are to be read, and so many more are in the catalogue as they are."""

    def done(self, report: Report) -> None:
        """What became of a batch."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a scan is run: under which name, by whom, and in how large parts."""

    run: str
    crew: Crew
    objects_a_part: int


def scan_archive(
    source: Source,
    catalogue: Catalogue,
    open_work: OpenWork,
    plan: Plan,
    progress: Progress,
    check: Check,
) -> Report:
    """Hash what the catalogue does not have in its present state; what became of it.

    It ends early, and the report says why, where nothing more can be read. Raises DamagedPart,
    Conflict, NotFound where the source has no object at all, and what listing it raises.
    """
    todo = _not_finished(source, catalogue.known(), progress)
    batches = _batches(todo, plan, catalogue.next_generation())
    total = Report()
    many = max(_BATCHES_AT_A_TIME, _OBJECTS_AT_A_TIME // plan.objects_a_part)
    while some := [one.as_bytes() for one in islice(batches, many * plan.crew.workers)]:
        for done in each(some, open_work, plan.crew):
            report = Report.of(done)
            total.add(report)
            progress.done(report)
            check()
        if total.stopped:
            break
    return total


def _not_finished(source: Source, known: Known, progress: Progress) -> Iterator[Item]:
    is_empty = True
    for some in _some_at_a_time(source.items(), _LISTED_AT_A_TIME):
        is_empty = False
        found = known.has([fingerprint(source.id, item) for item in some])
        new = [
            replace(item, replaces=is_there)
            for item, (is_finished, is_there) in zip(some, found, strict=True)
            if not is_finished
        ]
        progress.found(len(new), unchanged=len(some) - len(new))
        yield from new
    if is_empty:
        raise NotFound(
            f"Nothing lies below {source.id}; SOURCE is a folder or a prefix, not one object."
        )


def _batches(items: Iterable[Item], plan: Plan, generation: int) -> Iterator[Batch]:
    for number, some in enumerate(_portions(items, plan.objects_a_part), 1):
        replaces = any(item.replaces for item in some)
        yield Batch(str(PartName(generation, number, plan.run, replaces)), some)


def _portions(items: Iterable[Item], most_objects: int) -> Iterator[tuple[Item, ...]]:
    portion: list[Item] = []
    size_bytes = 0
    for item in items:
        if len(portion) == most_objects or (portion and size_bytes > _MOST_BYTES):
            yield tuple(portion)
            portion, size_bytes = [], 0
        portion.append(item)
        size_bytes += item.size_bytes
    if portion:
        yield tuple(portion)


def _some_at_a_time(items: Iterable[Item], most: int) -> Iterator[Sequence[Item]]:
    left = iter(items)
    while some := list(islice(left, most)):
        yield some
