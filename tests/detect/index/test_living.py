"""After any sequence of changes, compactions and reopenings an index holds just what it should."""

import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from amparo.core.errors import Conflict, Invalid
from amparo.detect.index import IndexReader, IndexWriter, NearTable, Rows, near, segment
from amparo.detect.index.near import SHORTEST_RING_ROWS
from tests.detect.index.rows import changed, random_rows, rows

VALUES = {
    "pdq": random_rows(1, 400).values,
    "md5": random_rows(2, 40, width=16).values,
}


class Living(RuleBasedStateMachine):
    """One writer, a reader in the same process, and a plain dictionary that knows the truth."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "index"
        self.truth: dict[tuple[str, int], tuple[int, int]] = {}  # (kind, signal): row, list
        self.next = 0

    @initialize()
    def begin(self) -> None:
        self.writer = IndexWriter(self.path, compact_rows=10**9)
        self.reader = IndexReader(self.path)

    @rule(kind=st.sampled_from(list(VALUES)), count=st.integers(1, 60), seed=st.integers(0, 999))
    def add(self, kind: str, count: int, seed: int) -> None:
        chosen = np.random.default_rng(seed).integers(0, len(VALUES[kind]), count)
        added = rows(VALUES[kind][chosen], self.next, lists=3)
        self.writer.change({kind: added})
        for row, signal, number in zip(chosen, added.signals, added.lists, strict=True):
            self.truth[kind, int(signal)] = int(row), int(number)
        self.next += count

    @rule(data=st.data())
    def withdraw_some_and_replace_one(self, data: st.DataObject) -> None:
        if not self.truth:
            return
        known = sorted({signal for _, signal in self.truth})
        signals = data.draw(st.lists(st.sampled_from(known), min_size=1, unique=True))
        again = Rows(VALUES["pdq"][:1], np.array(signals[:1], np.uint64), np.array([2], np.uint32))
        self.writer.change({"pdq": again}, np.array([*signals, 10**15], np.uint64))
        for kind in VALUES:
            for signal in signals:
                self.truth.pop((kind, signal), None)
        self.truth["pdq", signals[0]] = 0, 2

    @rule(everything=st.booleans())
    def compact(self, everything: bool) -> None:
        self.writer.compact(everything=everything)

    @rule()
    def reopen(self) -> None:
        self.writer.close()
        self.writer = IndexWriter(self.path, compact_rows=10**9)

    @rule()
    def open_another_reader(self) -> None:
        self.reader = IndexReader(self.path)

    @invariant()
    def all_find_the_same(self) -> None:
        if not hasattr(self, "writer"):
            return
        row = self.next % len(VALUES["pdq"])
        query = changed(VALUES["pdq"][row], 9)
        digests = VALUES["md5"][:5]
        for radii in (31, {0: 31, 2: 8}):
            expected = sorted(
                signal
                for (kind, signal), (known, number) in self.truth.items()
                if kind == "pdq" and known == row
                and (isinstance(radii, int) or radii.get(number, -1) >= 9)
            )  # fmt: skip
            for index in (self.writer, self.reader):
                assert sorted(index.near(query, radii).signals.tolist()) == expected
        expected_equal = sorted(
            (known, signal)
            for (kind, signal), (known, _) in self.truth.items()
            if kind == "md5" and known < 5
        )
        for index in (self.writer, self.reader):
            hits = index.equal("md5", digests)
            assert sorted(zip(hits.queries.tolist(), hits.signals.tolist(), strict=True)) == (
                expected_equal
            )
        counts = self.writer.state.counts()
        assert counts["pdq"] == sum(kind == "pdq" for kind, _ in self.truth)

    def teardown(self) -> None:
        if hasattr(self, "writer"):
            self.reader.wait()
            self.writer.close()
        self.folder.cleanup()


class LivingInRings(Living):
    """The same where every segment of some rows has the tables of a ring index."""

    def __init__(self) -> None:
        super().__init__()
        self.before = near.SHORTEST_RING_ROWS
        near.SHORTEST_RING_ROWS = segment.SHORTEST_RING_ROWS = 32

    def teardown(self) -> None:
        near.SHORTEST_RING_ROWS = segment.SHORTEST_RING_ROWS = self.before
        super().teardown()


TestLiving = Living.TestCase
TestLivingInRings = LivingInRings.TestCase
TestLiving.settings = TestLivingInRings.settings = settings(
    max_examples=15, stateful_step_count=12, deadline=None
)


def test_many_small_changes_become_few_segments(tmp_path: Path) -> None:
    known = random_rows(3, 6000)
    with IndexWriter(tmp_path, compact_rows=100) as writer:
        for first in range(0, 6000, 60):
            part = slice(first, first + 60)
            writer.change({"pdq": Rows(known.values[part], known.signals[part], known.lists[part])})
            if first >= 120:
                writer.change(withdrawn=known.signals[first - 120 : first - 60])
    with IndexWriter(tmp_path) as writer:
        assert writer.state.counts()["pdq"] == 120
        assert len(writer.state.segments) < 12
        writer.compact(everything=True)
        assert [one.files.counts for one in writer.state.segments] == [{"pdq": 120}]
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert known.values[100].tobytes() not in everything  # withdrawn, and nowhere kept
    assert known.values[5990].tobytes() in everything


def test_a_long_segment_answers_as_a_table_in_memory(tmp_path: Path) -> None:
    known = random_rows(4, 3 * SHORTEST_RING_ROWS)
    table = NearTable.of(known)
    with IndexWriter(tmp_path) as writer:
        writer.load({"pdq": known})
        queries = np.concatenate([changed(known.values[row], row % 40, row) for row in range(600)])
        for asked in (queries, queries[:3]):
            found, expected = writer.near(asked, 31), table.search(asked, 31)
            assert found.signals.tolist() == expected.signals.tolist()
            assert found.distances.tolist() == expected.distances.tolist()


def test_a_reader_goes_on_while_the_index_is_compacted_often(tmp_path: Path) -> None:
    known = random_rows(5, 400)
    with IndexWriter(tmp_path, compact_rows=10**9) as writer:
        writer.change({"pdq": known})
        reader = IndexReader(tmp_path)
        for step in range(20):
            added = random_rows(100 + step, 10, first=1000 + 10 * step)
            writer.change({"pdq": added})
            writer.compact(everything=step % 3 == 0)
            assert reader.near(changed(added.values[3], 31), 31).signals.tolist() == [
                1003 + 10 * step
            ]
            writer.change(withdrawn=added.signals)
            assert len(reader.near(changed(added.values[3], 31), 31)) == 0
        reader.wait()
        assert reader.near(changed(known.values[7], 3), 31).signals.tolist() == [7]


def test_a_signal_is_found_at_any_moment_of_its_being_replaced(tmp_path: Path) -> None:
    known = random_rows(6, 40)
    query = changed(known.values[7], 3)
    one = Rows(known.values[7:8], known.signals[7:8], known.lists[7:8])
    with IndexWriter(tmp_path, compact_rows=150) as writer:
        writer.load({"pdq": known})
        reader = IndexReader(tmp_path)
        stop = threading.Event()

        def look(index: IndexReader | IndexWriter) -> int:
            looks = 0
            while not stop.is_set():
                assert 7 in index.near(query, 31).signals, looks
                looks += 1
            return looks

        with ThreadPoolExecutor() as threads:
            looking = [threads.submit(look, each) for each in (writer, reader, reader)]
            try:
                for _ in range(300):
                    writer.change({"pdq": one}, one.signals)
            finally:
                stop.set()
            assert all(each.result() > 10 for each in looking)


def test_what_cannot_be_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    with IndexWriter(tmp_path) as writer:
        with pytest.raises(Invalid, match="'md5' is no kind of hash with 32 bytes"):
            writer.change({"md5": random_rows(1, 2)})
        with pytest.raises(Invalid, match="'C R C' is no kind"):
            writer.change({"C R C": random_rows(1, 2)})
        with pytest.raises(Invalid, match="uint64"):
            writer.change(withdrawn=np.array([1, 2]))
        with pytest.raises(Invalid, match="no kind of digest"):
            writer.equal("pdq", np.zeros((1, 32), np.uint8))
        with pytest.raises(Invalid, match="16 bytes"):
            writer.equal("md5", np.zeros((1, 32), np.uint8))
        with pytest.raises(Invalid, match="Q, 4"):
            writer.near(np.zeros(4, np.uint64), 31)
        assert writer.change() == 0
    with pytest.raises(Conflict, match="closed"):
        writer.change({"pdq": random_rows(1, 2)})
