"""Add phrases: they are on disk, and found by every process, when the call returns.

Few that come are joined with the small parts that there are, so that a change costs little however
many phrases are known; a part that is a fifth of the rest or less is joined with it when many come.
"""

import secrets
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Unavailable
from amparo.detect.index.arrays import verify_all
from amparo.detect.index.phrases.model import Automaton, Phrases
from amparo.detect.index.phrases.parts import (
    BUILDING,
    NAME,
    PREFIX,
    PartFiles,
    PhraseManifest,
    open_part,
    publish_manifest,
    read_manifest,
    write_part,
)

TIMES = 4
"""A part that is no more than so many times as large as what comes is joined with it."""

LARGE = 100_000
"""Parts of more phrases are joined only when there are many of them."""

MOST_LARGE = 4

Counts = Callable[[NDArray[np.uint8]], NDArray[np.bool_]]


def _all_count(digests: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.ones(len(digests), np.bool_)


class PhraseWriter:
    """The only one that changes the phrases in a folder, which is made if need be."""

    def __init__(self, folder: Path) -> None:
        """Raises Damaged where a byte is wrong, Unavailable where the folder cannot be used."""
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _not_kept(folder, error) from error
        self._manifest = read_manifest(folder)
        try:
            if not self._manifest.identity:
                self._manifest = PhraseManifest(secrets.token_hex(8))
                publish_manifest(folder, self._manifest)
            for part in self._manifest.parts:
                verify_all(folder / part.name, part.files)
        except OSError as error:
            raise _not_kept(folder, error) from error
        self._remove_strays()

    @property
    def identity(self) -> str:
        """Which these are: another folder in the place of this one has another."""
        return self._manifest.identity

    def __len__(self) -> int:
        """How many phrases the parts hold, those that nobody wants any more too."""
        return sum(part.count for part in self._manifest.parts)

    def add(self, new: Phrases, still: Counts = _all_count) -> None:
        """Add phrases. Of parts that are written anew, what does not count `still` is left out.

        Raises Damaged, and Unavailable where the disk does not take it; then nothing was changed.
        """
        if not len(new):
            return
        joined = _to_join(self._manifest.parts, len(new))
        kept = tuple(part for part in self._manifest.parts if part not in joined)
        try:
            number = 1 + max([self._manifest.generation, *self._numbers()])
            phrases = Phrases.joined([new, *self._left(joined, still)]) if joined else new
            part = write_part(self._folder, f"{PREFIX}{number:08d}", Automaton.of(phrases))
            manifest = PhraseManifest(self.identity, number, (*kept, part))
            publish_manifest(self._folder, manifest)
        except OSError as error:
            raise _not_kept(self._folder, error) from error
        self._manifest = manifest
        self._remove_strays()

    def _left(self, parts: Iterable[PartFiles], still: Counts) -> list[Phrases]:
        opened = [open_part(self._folder, part).phrases for part in parts]
        return [phrases.only(still(phrases.digests)) for phrases in opened]

    def _numbers(self) -> list[int]:
        """Of the parts that are there, also those that a full disk left without a manifest."""
        names = (path.name.removeprefix(PREFIX) for path in self._folder.glob(f"{PREFIX}*"))
        return [int(name) for name in names if name.isdecimal()]

    def _remove_strays(self) -> None:
        """What the manifest does not name; whoever has it open keeps it until they let go."""
        named = {NAME, *(part.name for part in self._manifest.parts)}
        for path in self._folder.iterdir():
            if path.name not in named and path.name.startswith((PREFIX, BUILDING)):
                shutil.rmtree(path, ignore_errors=True)


def _to_join(parts: Sequence[PartFiles], coming: int) -> list[PartFiles]:
    large = [part for part in parts if part.count > LARGE]
    joined = large if len(large) >= MOST_LARGE else []
    coming += sum(part.count for part in joined)
    for part in sorted(parts, key=lambda one: one.count):
        if part in joined:
            continue
        if part.count > TIMES * coming or (part.count > LARGE >= coming):
            break
        joined = [*joined, part]
        coming += part.count
    return joined


def _not_kept(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(f"Phrases cannot be kept in {folder} ({error.strerror or error}).")
