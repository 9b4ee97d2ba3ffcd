"""Hold many files against known signals."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from amparo.app.begun import HashBytes
from amparo.app.hash_files import hash_files
from amparo.core.problems import Problem
from amparo.core.settings import Settings
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.model import PdqInput
from amparo.detect.matching import KnownSignals, Match, find_matches
from amparo.detect.media.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class FileMatches:
    """What was found out about one path: its matches, and what could not be read of it."""

    path: str
    matches: tuple[Match, ...] = ()
    problem: Problem | None = None


def scan_files(
    paths: Iterable[str],
    known: KnownSignals,
    sandbox: Sandbox,
    settings: Settings,
    *,
    radius_bits: int,
    pdq_input: PdqInput = PdqInput.SEEN,
    hash_bytes: HashBytes = hash_media,
) -> Iterator[FileMatches]:
    """The matches of every file at or below `paths`, in the order of `hash_files`."""
    for file in hash_files(
        paths, sandbox, settings, pdq_input=pdq_input, with_variants=True, hash_bytes=hash_bytes
    ):
        if file.hashes is None:
            yield FileMatches(file.path, problem=file.problem)
            continue
        matches = find_matches(file.hashes, known, radius_bits=radius_bits)
        yield FileMatches(file.path, matches, file.hashes.problem)
