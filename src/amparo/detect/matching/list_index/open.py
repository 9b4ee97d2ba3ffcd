"""The index of a long list file, kept beside it and built again when the file has changed."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import AmparoError
from amparo.detect.hashing.model import Algorithm
from amparo.detect.hashing.plug_ins import hash_types
from amparo.detect.index import Damaged, Hits, IndexReader
from amparo.detect.lists import default_id
from amparo.detect.matching.list_index.build import NoPlace, build, is_of
from amparo.detect.matching.list_index.gather import Advance, write_list
from amparo.detect.matching.list_index.model import ListFile, index_folders, read_description


class ListIndex:
    """A list that is searched through its index."""

    def __init__(self, path: Path, folder: Path, now: datetime, *, name: str = "") -> None:
        """Open the index in `folder` of the list at `path`, as it is. Raises Damaged."""
        self.name = name or path.stem
        self._path = path
        self._now = now.timestamp()
        self.description = read_description(folder)
        try:
            for file in self.description.files:
                file.verify(folder)
            (
                self._lines, self._expires,
                self._ids, self._id_ends, self._texts, self._text_ends,
            ) = (file.open(folder) for file in self.description.files)  # fmt: skip
        except FileNotFoundError as error:
            raise Damaged(f"{folder} lacks {Path(error.filename).name}.") from error
        self._state = IndexReader(folder).state  # what comes there later is not of this list
        self.left_out = self.description.poor + int((self._expires <= self._now).sum())

    def __len__(self) -> int:
        return self.description.searched + self.description.poor - self.left_out

    def near(self, queries: NDArray[np.uint64], radius_bits: int) -> Hits:
        """Signals near hashes uint64[Q, 4], expired ones too."""
        return self._state.near(queries, radius_bits)

    def equal(self, algorithm: Algorithm, digest: bytes) -> Hits:
        """Signals equal to a digest, expired ones too."""
        return self._state.equal(algorithm.value, np.frombuffer(digest, np.uint8)[None])

    def measured(self, algorithm: Algorithm, value: bytes) -> Hits:
        """Signals of a plugged-in type within its radius of a hash, expired ones too."""
        kind = hash_types()[algorithm.value]
        asked = np.frombuffer(value, np.uint8)[None]
        return self._state.measured(kind.name, asked, {0: kind.radius}, kind.distances)

    def signal_id(self, number: int) -> str | None:
        """The id of a signal that was found; None where it has expired."""
        if self._expires[number] <= self._now:
            return None
        found = _between(self._ids, self._id_ends, number)
        return found or default_id(self._path, int(self._lines[number]))

    def text(self, number: int) -> str:
        """The frames of a video that was found near; of anything else it is empty."""
        return _between(self._texts, self._text_ends, number)


def _between(texts: NDArray[np.uint8], ends: NDArray[np.uint64], number: int) -> str:
    first = int(ends[number - 1]) if number else 0
    return texts[first : int(ends[number])].tobytes().decode()


def open_list(
    path: Path,
    home: Path,
    now: datetime,
    *,
    algorithm: Algorithm | None,
    name: str = "",
    advance: Advance = lambda _: None,
    announce: Callable[[str], None] = lambda _: None,
) -> ListIndex:
    """The list at `path` through its index, which is built where there is none that fits.

    Where no disk keeps it, it is made for this time alone. Raises what `read_list` raises, and
    NoPlace where not even that can be.
    """
    source = ListFile.at(path, algorithm)
    anew = False
    for folder in index_folders(path, home):
        try:
            if is_of(folder, source):
                return ListIndex(path, folder, now, name=name)
        except AmparoError as error:
            announce(f"{error.message} It is built again.")
            anew = True
    try:
        folder = build(
            path, home, algorithm=algorithm, anew=anew, advance=advance, announce=announce
        )
        return ListIndex(path, folder, now, name=name)
    except NoPlace as error:
        announce(f"{error.message} It is made for this time alone.")
    with TemporaryDirectory(prefix="amparo-index-") as temporary:
        try:
            write_list(Path(temporary), path, algorithm, advance)
        except OSError as error:
            raise NoPlace(
                f"The index of {path} can be kept nowhere, nor in {temporary} "
                f"({error.strerror or error}); free some space, or set TMPDIR."
            ) from error
        return ListIndex(path, Path(temporary), now, name=name)  # open, it needs no names
