"""Tables in memory, short ones and long ones: what is near, what is equal, in which lists."""

import numpy as np
import pytest

from amparo.core.errors import Invalid
from amparo.detect.index import DigestTable, NearTable, Rows
from tests.detect.index.rows import changed, random_rows, rows

KNOWN = random_rows(7, 6000)


@pytest.fixture(params=[50, 6000], ids=["short", "long"], scope="module")
def table(request: pytest.FixtureRequest) -> NearTable:
    return NearTable.of(rows(KNOWN.values[: request.param], 1000, lists=3))


@pytest.mark.parametrize("bits", [0, 1, 30, 31])
def test_a_hash_within_the_radius_is_found(table: NearTable, bits: int) -> None:
    hits = table.search(changed(KNOWN.values[17], bits), 31)
    assert (hits.signals.tolist(), hits.distances.tolist()) == ([1017], [bits])


def test_a_hash_beyond_the_radius_is_not(table: NearTable) -> None:
    assert len(table.search(changed(KNOWN.values[17], 32), 31)) == 0


def test_each_list_has_its_own_radius(table: NearTable) -> None:
    queries = np.concatenate([changed(KNOWN.values[row], 9) for row in (17, 18, 19)])
    on_list_0 = 1017 % 3
    hits = table.search(queries, {on_list_0: 9, (on_list_0 + 1) % 3: 8})
    assert hits.signals.tolist() == [1017]
    assert len(table.search(queries, {})) == 0


def test_many_queries_find_what_each_alone_finds(table: NearTable) -> None:
    queries = np.concatenate([changed(KNOWN.values[row % 50], row % 40) for row in range(700)])
    many = table.search(queries, 31)
    for number in range(0, 700, 7):
        alone = table.search(queries[number : number + 1], 31)
        assert many.signals[many.queries == number].tolist() == alone.signals.tolist()
    assert many.queries.tolist() == sorted(many.queries.tolist())


def test_more_queries_than_are_searched_at_a_time_keep_their_numbers() -> None:
    known = random_rows(11, 9000)
    hits = NearTable.of(known).search(known.values.view(np.uint64), 31)
    assert hits.queries.tolist() == hits.signals.tolist() == list(range(9000))


def test_too_large_a_radius_is_refused(table: NearTable) -> None:
    with pytest.raises(Invalid, match="outside 0 to 31"):
        table.search(changed(KNOWN.values[1], 0), 32)


def test_a_radius_is_any_whole_number(table: NearTable) -> None:
    query = changed(KNOWN.values[1], 9)
    for radius in (9, np.int64(9), {0: np.uint8(9), 1: 9, 2: 9}):
        assert table.search(query, radius).signals.tolist() == [1001]  # type: ignore[arg-type]
    for radius in (9.0, "9", {1: 9.5}, None):
        with pytest.raises(Invalid, match="whole number of bits"):
            table.search(query, radius)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="outside 0 to 31"):
        table.search(query, {0: -1})


@pytest.mark.parametrize("width", [16, 20, 32])
def test_equal_digests_are_found_and_no_others(width: int) -> None:
    digests = np.random.default_rng(7).integers(0, 3, (400, width), np.uint8)
    digests[5] = digests[3] = 0
    table = DigestTable.of(rows(digests, lists=2))
    asked = np.concatenate([digests[:20], np.full((1, width), 9, np.uint8)])
    expected = [
        (q, row)
        for q in range(len(asked))
        for row in range(400)
        if np.array_equal(asked[q], digests[row])
    ]
    hits = table.search(asked)
    assert sorted(zip(hits.queries.tolist(), hits.signals.tolist(), strict=True)) == expected
    assert (3, 5) in expected
    on_list_1 = table.search(asked, frozenset({1}))
    assert sorted(on_list_1.signals.tolist()) == sorted(row for _, row in expected if row % 2)


def test_an_empty_table_answers() -> None:
    assert len(DigestTable.of(Rows.none(16)).search(np.zeros((1, 16), np.uint8))) == 0
    assert len(NearTable.of(Rows.none(32)).search(np.zeros((1, 4), np.uint64), 31)) == 0


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(Invalid, match="as many signal"):
        Rows(KNOWN.values, KNOWN.signals[1:], KNOWN.lists)
    with pytest.raises(Invalid, match="below"):
        Rows(KNOWN.values[:1], KNOWN.signals[:1], np.array([1 << 20], np.uint32))
    with pytest.raises(Invalid, match="32 bytes"):
        NearTable.of(random_rows(1, 3, width=16))
    with pytest.raises(Invalid, match="16 bytes"):
        DigestTable.of(random_rows(1, 3, width=16)).search(np.zeros((1, 20), np.uint8))
