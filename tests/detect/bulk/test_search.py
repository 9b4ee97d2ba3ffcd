"""A search of a catalogue finds what comparing everything with everything finds."""

from pathlib import Path

import numpy as np
import pytest

from amparo.detect.bulk.candidates import candidates_of
from amparo.detect.bulk.search import FEW_SIGNALS, Searcher, piece
from amparo.detect.bulk.signals import Signals
from amparo.detect.index.model import Rows
from tests.detect.bulk.catalogues import a_catalogue, add, altered, hashes, value

LISTS = {1: 31, 2: 10}


def signals(values: list[bytes], lists: list[int]) -> Signals:
    rows = Rows(
        np.frombuffer(b"".join(values), np.uint8).reshape(len(values), 32),
        np.arange(100, 100 + len(values), dtype=np.uint64),
        np.array(lists, np.uint32),
    )
    return Signals({"pdq": rows}, LISTS)


def found(data: bytes) -> set[tuple[str, int, int, int]]:
    return {
        (one.key, which, signal, distance)
        for one in candidates_of(data)
        for which, signal, distance in one.hits
    }


@pytest.mark.parametrize("count", [3, FEW_SIGNALS + 40, 5000])
def test_near_hashes_are_those_within_each_lists_radius(count: int, tmp_path: Path) -> None:
    """Few signals are compared, more are looked for in the catalogue, and most in the signals."""
    chance = np.random.default_rng(count)
    catalogue = a_catalogue(tmp_path)
    objects = [(f"{n}.jpg", hashes(f"{n}.jpg", value(chance), value(chance))) for n in range(400)]
    parts = [add(catalogue, objects[:150]), add(catalogue, objects[150:], number=2)]
    known = [value(chance) for _ in range(count)]
    for at, bits in enumerate((0, 10, 11)):
        known[at] = altered(objects[97 * at][1].pictures[at % 2].value, bits)
    if count > 3:
        known[3] = altered(objects[5][1].pictures[1].value[::-1], 31)
        known[4] = altered(objects[6][1].pictures[1].value, 32)
    lists = [2, 2, 2, 1, 1, *([1, 2] * count)][:count]
    got = found(Searcher(catalogue, [signals(known, lists)]).search(piece(parts, 0)))
    assert got == compared(objects, known, lists)
    assert len(got) >= 2


def compared(
    objects: list[tuple[str, object]], known: list[bytes], lists: list[int]
) -> set[tuple[str, int, int, int]]:
    signal_bits = np.unpackbits(np.frombuffer(b"".join(known), np.uint8).reshape(-1, 32), axis=1)
    radii = np.array([LISTS[each] for each in lists])
    hits = set()
    for key, of in objects:
        asked = [variant.value for picture in of.pictures for variant in picture.variants]
        for which, each in enumerate(asked):
            bits = np.unpackbits(np.frombuffer(each, np.uint8))
            distances = (signal_bits != bits).sum(axis=1)
            for at in np.flatnonzero(distances <= radii).tolist():
                hits.add((key, 3 + which, 100 + at, int(distances[at])))
    return hits


def test_hashes_of_poor_quality_are_no_evidence(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    poor, good = value(chance), value(chance)
    catalogue = a_catalogue(tmp_path)
    part = add(catalogue, [("p", hashes("p", poor, quality=49)), ("g", hashes("g", good))])
    searcher = Searcher(catalogue, [signals([poor, good], [1, 1])])
    assert {key for key, *_ in found(searcher.search(piece([part], 0)))} == {"g"}


def test_equal_digests_are_found_of_every_object(tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path)
    known = hashes("words.txt").digests
    parts = [
        add(catalogue, [("a", hashes("a")), ("words.txt", hashes("words.txt"))]),
        add(catalogue, [("copy", hashes("words.txt"))], number=2),
    ]
    rows = {
        name: Rows(
            np.frombuffer(bytes.fromhex(getattr(known, name)), np.uint8)[None],
            np.array([number], np.uint64), np.array([1], np.uint32),
        )
        for number, name in enumerate(("md5", "sha1", "sha256"), 7)
    }  # fmt: skip
    got = found(Searcher(catalogue, [Signals(rows, LISTS)]).search(piece(parts, 0)))
    assert got == {
        (key, which, signal, 0)
        for key in ("words.txt", "copy")
        for which, signal in ((0, 9), (1, 8), (2, 7))
    }
