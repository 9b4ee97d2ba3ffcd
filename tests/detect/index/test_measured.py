"""Hashes of other types in an index: compared by their own measure, through their whole life."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amparo.core.errors import Invalid, Unavailable
from amparo.detect.index import IndexReader, IndexWriter, Rows
from tests.detect.index.rows import random_rows

WIDTH = 144


def measure(query: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.abs(known.astype(np.int32) - query.astype(np.int32)).sum(axis=1)


def plainly(known: dict[int, tuple[np.ndarray, int]], query: np.ndarray, radii: dict[int, int]):
    """What must be found, by looking at each."""
    found = []
    for number, (value, of_list) in known.items():
        apart = int(np.abs(value.astype(int) - query.astype(int)).sum())
        if apart <= radii.get(of_list, -1):
            found.append((number, apart))
    return sorted(found)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), steps=st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_whatever_happens_to_an_index_the_same_is_found(
    tmp_path_factory: pytest.TempPathFactory, seed: int, steps: list[int]
) -> None:
    chance = np.random.default_rng(seed)
    folder = tmp_path_factory.mktemp("index")
    known: dict[int, tuple[np.ndarray, int]] = {}
    with IndexWriter(folder) as writer:
        reader = IndexReader(folder)
        for step in [0, *steps]:
            if step in (0, 1):
                first = max(known, default=0) + 1
                values = chance.integers(0, 256, (20, WIDTH), np.uint8)
                numbers = np.arange(first, first + 20, dtype=np.uint64)
                lists = (numbers % np.uint64(3)).astype(np.uint32)
                rows = Rows(values, numbers, lists)
                added = {"vectors": rows, "pdq": random_rows(seed % 1000, 3, first + 1000)}
                writer.change(added) if step else writer.load(added)
                known |= {
                    int(number): (value, int(of_list))
                    for number, value, of_list in zip(numbers, values, lists, strict=True)
                }
            elif step == 2:
                gone = list(known)[::3]
                writer.change(withdrawn=np.array(gone, np.uint64))
                for each in gone:
                    del known[each]
            else:
                writer.compact(everything=True)
        assert reader.state  # it sees the newest manifest, and opens what is new
        reader.wait()
        queries = chance.integers(0, 256, (3, WIDTH), np.uint8)
        queries[0] = next(iter(known.values()))[0] if known else 0
        radii = {0: 12_200, 2: 11_900}
        for state in (reader, IndexReader(folder), writer.state):
            hits = state.measured("vectors", queries, radii, measure)
            for number, query in enumerate(queries):
                mine = hits.queries == number
                pairs = zip(hits.signals[mine].tolist(), hits.distances[mine].tolist(), strict=True)
                assert sorted(pairs) == plainly(known, query, radii)
            assert (np.diff(hits.queries) >= 0).all()
        assert writer.state.counts().get("vectors", 0) == len(known)


def test_far_distances_come_in_order(tmp_path: Path) -> None:
    with IndexWriter(tmp_path) as writer:
        values = np.zeros((4, WIDTH), np.uint8)
        values[0, :] = 255
        values[2, :10] = 200
        numbers = np.arange(4, dtype=np.uint64)
        writer.load({"vectors": Rows(values[:2], numbers[:2], np.zeros(2, np.uint32))})
        writer.change({"vectors": Rows(values[2:], numbers[2:], np.zeros(2, np.uint32))})
        hits = writer.state.measured(
            "vectors", np.zeros((1, WIDTH), np.uint8), {0: 100_000}, measure
        )
    assert hits.distances.tolist() == [0, 0, 2000, 255 * WIDTH]
    assert hits.signals.tolist()[-1] == 0


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    with IndexWriter(tmp_path) as writer:
        writer.change({"vectors": random_rows(1, 5, width=WIDTH)})
        with pytest.raises(Invalid, match="'vectors' is no kind of hash with 32 bytes"):
            writer.change({"vectors": random_rows(1, 5, 10)})
        with pytest.raises(Invalid, match="144 bytes"):
            writer.state.measured("vectors", np.zeros((1, 3), np.uint8), {0: 9}, measure)
        none = writer.state.measured("others", np.zeros((1, 3), np.uint8), {0: 9}, measure)
        assert len(none) == 0
        for wrong in (lambda *_: np.zeros(2), lambda *_: 1 / 0, lambda _, known: known):
            with pytest.raises(Unavailable, match="hash type"):
                writer.state.measured("vectors", np.zeros((1, WIDTH), np.uint8), {0: 9}, wrong)
