"""Long videos in a catalogue: what is searched is what an upload asks, in little memory."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amparo.detect.bulk.candidates import Candidate, candidates_of, portions
from amparo.detect.bulk.catalogue import Catalogue
from amparo.detect.bulk.frames import COLUMNS, Pictures
from amparo.detect.bulk.model import fingerprint
from amparo.detect.bulk.near import MANY_HITS, Nearest, near_in_portions
from amparo.detect.bulk.rows import Row, part_of
from amparo.detect.bulk.search import Searcher, piece
from amparo.detect.bulk.signals import Signals
from amparo.detect.hashing.model import Algorithm
from amparo.detect.index import Hits, NearTable, Rows, as_words
from amparo.detect.index.model import nearest_of_each
from amparo.detect.matching.host.asked import asked_of
from tests.databases import NOW
from tests.detect.bulk.catalogues import (
    CHANCE_VALUES,
    SOURCE,
    a_catalogue,
    add,
    altered,
    an_item,
    hashes,
)


def rows_of(*values: bytes) -> Rows:
    return Rows(
        np.frombuffer(b"".join(values), np.uint8).reshape(-1, 32),
        np.full(len(values), 5, np.uint64), np.ones(len(values), np.uint32),
    )  # fmt: skip


def found(catalogue: Catalogue, *values: bytes) -> list[Candidate]:
    searcher = Searcher(catalogue, [Signals({"pdq": rows_of(*values)}, {1: 31})])
    return list(candidates_of(searcher.search(piece(catalogue.parts(), 0))))


OBJECTS = st.lists(
    st.tuples(st.lists(st.sampled_from(CHANCE_VALUES), max_size=8), st.booleans()), max_size=4
)


@given(OBJECTS)
def test_the_hashes_that_count_are_those_that_an_upload_asks(
    objects: list[tuple[list[bytes], bool]],
) -> None:
    made = [hashes(str(n), *values, is_video=is_video)
            for n, (values, is_video) in enumerate(objects)]  # fmt: skip
    pictures = Pictures(read(part_of([row(each) for each in made], SOURCE, "test")))
    expected = [
        (each.value, each.frame) for one in made for each in asked_of(one)
        if each.algorithm == Algorithm.PDQ
    ]  # fmt: skip
    counted = pictures.counted()
    frames = pictures.elements.field("frame").to_numpy()[counted].tolist()
    values = [value.tobytes() for value in pictures.values[counted]]
    assert list(zip(values, frames, strict=True)) == expected


def row(of: object) -> Row:
    item = an_item("a", of, "e")
    return Row(item, fingerprint(SOURCE, item), of, None, NOW)


def read(part: bytes) -> object:
    import io

    import pyarrow.parquet as pq

    return pq.ParquetFile(io.BytesIO(part)).read(columns=list(COLUMNS))


def test_of_frames_that_are_the_same_the_first_is_told(tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path)
    first, known = CHANCE_VALUES[:2]
    frames = [first, first, known, known, first, known]
    add(catalogue, [("still.jpg", hashes("still", first)),
                    ("a.mp4", hashes("a", *frames, is_video=True))])  # fmt: skip
    [one] = found(catalogue, known)
    asked = one.asked()
    assert [asked[which].seconds for which, *_ in one.hits] == [2.0]
    assert [each.frame for each in asked if each.algorithm == Algorithm.PDQ] == [0, 0, 2, 2]


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


FRAMES, VIDEOS = 5_000, 10


def test_long_still_videos_are_found_in_little_memory(traced: None, tmp_path: Path) -> None:
    """Half a million pairs of frames that are alike, of which each video needs one."""
    catalogue = a_catalogue(tmp_path)
    for number in range(VIDEOS):
        video = hashes(f"{number}.mp4", *[CHANCE_VALUES[0]] * FRAMES, is_video=True)
        add(catalogue, [(f"{number}.mp4", video)], number=number)
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    candidates = found(catalogue, *[altered(CHANCE_VALUES[0], bits) for bits in range(30)])
    _, peak = tracemalloc.get_traced_memory()
    assert len(candidates) == VIDEOS
    assert [one.hits for one in candidates] == [[(3, 5, 0)]] * VIDEOS
    assert peak - before < 100 * FRAMES * VIDEOS


def test_candidates_come_in_portions(tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path)
    chance = np.random.default_rng(1)
    for number in range(5):
        values = [CHANCE_VALUES[0], *(chance.bytes(32) for _ in range(12_499))]
        add(catalogue, [(f"{number}.mp4", hashes("a", *values, is_video=True))], number=number)
    several = list(portions(found(catalogue, CHANCE_VALUES[0])))
    assert [[one.key for one in some] for some in several] == [
        ["0.mp4", "1.mp4"], ["2.mp4", "3.mp4"], ["4.mp4"]
    ]  # fmt: skip


def test_a_part_of_very_many_hashes_is_searched_whole(tmp_path: Path) -> None:
    """Earlier versions wrote such."""
    catalogue = a_catalogue(tmp_path)
    chance = np.random.default_rng(2)
    values = [chance.bytes(32) for _ in range(102_000)]
    add(catalogue, [("a.mp4", hashes("a", *values, is_video=True))])
    [one] = found(catalogue, values[0], values[99_999], values[-1], *map(chance.bytes, [32] * 70))
    assert [one.asked()[which].frame for which, *_ in one.hits] == [0, 99_999, 101_999]


def test_portions_find_what_one_search_finds() -> None:
    chance = np.random.default_rng(3)
    base = [CHANCE_VALUES[0], *(chance.bytes(32) for _ in range(500))]
    table = NearTable.of(rows_of(*[altered(CHANCE_VALUES[0], bits) for bits in range(16)] * 400))
    queries = as_words(b"".join([*base, *[CHANCE_VALUES[0]] * 2000]))
    gathered = Nearest()
    portion_hits = []
    for hits in near_in_portions(table, queries, 31):
        portion_hits.append(len(hits))
        gathered.add(hits)
    whole = nearest_of_each(table.search(queries, 31))
    assert sorted(pairs(gathered.all())) == sorted(pairs(whole))
    assert sum(portion_hits) == 2001 * 6400
    assert max(portion_hits) < 4 * MANY_HITS


def pairs(hits: Hits) -> list[tuple[int, int, int]]:
    return list(
        zip(hits.queries.tolist(), hits.signals.tolist(), hits.distances.tolist(), strict=True)
    )
