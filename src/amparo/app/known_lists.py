"""Open list files to be searched: short ones are read each time, long ones have an index."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from amparo.core.errors import Invalid
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists import KnownList, read_list
from amparo.detect.matching import KnownSignals
from amparo.detect.matching.list_index import Advance, ListIndex, open_list

LONG_LIST_BYTES = 1024 * 1024
"""From some ten thousand signals on, an index is opened sooner than the list is read."""


def open_lists(
    paths: Sequence[str],
    home: Path,
    now: datetime,
    *,
    algorithm: Algorithm | None,
    announce: Callable[[str], None],
    bar: Callable[[str], AbstractContextManager[Advance]],
) -> KnownSignals:
    """The live signals of these lists; at least one there must be.

    Lists of one name are called by their paths. `bar` shows how far an index is. Raises NotFound,
    Invalid, and Unavailable where an index can be kept nowhere.
    """
    stems = Counter(Path(each).stem for each in paths)
    opened: list[KnownList | ListIndex] = []
    for given in paths:
        path = Path(given)
        name = given if stems[path.stem] > 1 else path.stem
        if is_long(path):
            with bar(f"Indexing {path.name}, once") as advance:
                index = open_list(
                    path, home, now,
                    algorithm=algorithm, name=name, advance=advance, announce=announce,
                )  # fmt: skip
            unhashed = index.description.unhashed
            opened.append(index)
        else:
            known = replace(read_list(path, algorithm=algorithm), name=name)
            unhashed = known.unhashed
            opened.append(known)
        if unhashed:
            announce(f"{name}: {unhashed} of its lines are files that had no hash.")
    signals = KnownSignals(opened, now=now)
    if signals.left_out:
        announce(f"Not searched, being expired or of poor quality: {signals.left_out} signals.")
    if not len(signals):
        raise Invalid(f"Nothing to search for: no signal in {', '.join(paths)} is live and usable.")
    return signals


def is_long(path: Path) -> bool:
    """Whether the list is searched through an index."""
    try:
        return path.is_file() and path.stat().st_size >= LONG_LIST_BYTES
    except OSError:  # reading it will say what is wrong
        return False
