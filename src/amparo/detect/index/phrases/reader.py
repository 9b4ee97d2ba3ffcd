"""Find phrases that another process may be adding to."""

import os
import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Unavailable
from amparo.detect.index.phrases.find import Counts, find
from amparo.detect.index.phrases.model import Automaton, Find
from amparo.detect.index.phrases.parts import NAME, PartFiles, open_part, read_manifest

_MOST_OPENINGS = 20


class PhraseReader:
    """Reads the phrases in a folder, from any number of threads and of processes.

    Every byte of a part is verified when it is opened.
    """

    def __init__(self, folder: Path) -> None:
        """Raises Damaged."""
        self._folder = folder
        self._path = str(folder / NAME)
        self._following = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._parts: dict[PartFiles, Automaton] = {}
        self.follow()

    def follow(self) -> None:
        """Open what is new. What was added before this is called is found afterwards."""
        if _stamp(self._path) == self._stamp:
            return
        with self._following:
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._parts = self._opened()
                self._stamp = stamp

    def find(
        self,
        text: NDArray[np.uint32],
        borders: NDArray[np.uint8],
        counts: Counts,
        *,
        most: int,
    ) -> tuple[list[Find], bool]:
        """See `find`. Raises Damaged where what is new cannot be read."""
        self.follow()
        return find(text, borders, self._parts.values(), counts, most=most)

    def _opened(self) -> dict[PartFiles, Automaton]:
        for _ in range(_MOST_OPENINGS):
            manifest = read_manifest(self._folder)
            try:
                return {
                    part: self._parts.get(part) or open_part(self._folder, part)
                    for part in manifest.parts
                }
            except FileNotFoundError as error:
                lacking = error.filename  # joined with others meanwhile
        raise Unavailable(f"{self._folder} lacks {lacking}, which its manifest names.")


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
