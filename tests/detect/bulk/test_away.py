"""An object that is away for a scan, or another one, is found again once it is back."""

from pathlib import Path

import numpy as np
import pytest

from amparo.core.problems import Problem, ProblemCode
from amparo.detect.bulk.candidates import candidates_of
from amparo.detect.bulk.catalogue import Catalogue
from amparo.detect.bulk.model import fingerprint
from amparo.detect.bulk.replaced import Replaced
from amparo.detect.bulk.search import Searcher, piece
from amparo.detect.bulk.signals import Signals
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.index.model import Rows
from tests.detect.bulk.catalogues import CHANCE_VALUES, SOURCE, a_catalogue, add, an_item, hashes

KNOWN, OTHER = CHANCE_VALUES[:2]
PICTURE = hashes("a.jpg", KNOWN)
DANGLING = Problem(ProblemCode.FILE_DANGLING_LINK, "There is nothing behind the link.")


def found(catalogue: Catalogue) -> list[str]:
    """In which objects, as they were last, the known picture is."""
    rows = Rows(
        np.frombuffer(KNOWN, np.uint8)[None], np.array([5], np.uint64), np.array([1], np.uint32)
    )
    parts = catalogue.parts()
    searched = Searcher(catalogue, [Signals({"pdq": rows}, {1: 31})]).search(piece(parts, 0))
    replaced = Replaced(catalogue, parts, by_unread=False)
    return [one.key for one in candidates_of(searched) if not replaced.has(one)]


def is_finished(catalogue: Catalogue, of: MediaHashes, state: str) -> bool:
    [(finished, is_there)] = catalogue.known().has(
        [fingerprint(SOURCE, an_item("a.jpg", of, state))]
    )
    assert is_there
    return finished


@pytest.mark.parametrize("between", [DANGLING, hashes("b.jpg", OTHER)], ids=["away", "another"])
def test_what_is_as_it_was_before_the_last_scan_is_hashed_again(
    between: MediaHashes | Problem, tmp_path: Path
) -> None:
    catalogue = a_catalogue(tmp_path)
    add(catalogue, [("a.jpg", PICTURE)], state="first")
    assert is_finished(catalogue, PICTURE, "first")
    add(catalogue, [("a.jpg", between)], generation=2, replaces=True)
    assert not is_finished(catalogue, PICTURE, "first")
    add(catalogue, [("a.jpg", PICTURE)], generation=3, replaces=True, state="first")
    assert is_finished(catalogue, PICTURE, "first")
    assert "a.jpg" in found(catalogue)


def test_what_cannot_be_read_is_found_by_what_it_was(tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path)
    add(catalogue, [("a.jpg", PICTURE)])
    add(catalogue, [("a.jpg", DANGLING)], generation=2, replaces=True)
    assert found(catalogue) == ["a.jpg"]
    add(catalogue, [("a.jpg", hashes("b.jpg", OTHER))], generation=3, replaces=True)
    assert found(catalogue) == []


def test_an_empty_catalogue_knows_nothing(tmp_path: Path) -> None:
    known = a_catalogue(tmp_path).known()
    assert known.has([fingerprint(SOURCE, an_item("a.jpg", PICTURE, "first"))]) == [(False, False)]
