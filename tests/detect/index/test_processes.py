"""Several processes and one index: killed writers, two writers, readers that follow, full disks."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from errno import EIO
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from amparo.core.errors import Conflict, NotFound, Unavailable
from amparo.detect.index import Damaged, IndexReader, IndexWriter
from tests.detect.index.churn import known, steps
from tests.detect.index.rows import changed, random_rows

ROOT = Path(__file__).parents[3]


def churning(folder: Path, seed: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.detect.index.churn", str(folder), str(seed)],
        cwd=ROOT, stdout=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.parametrize("kills", [6, pytest.param(200, marks=pytest.mark.slow)])
def test_a_killed_writer_loses_nothing_that_it_has_acknowledged(tmp_path: Path, kills: int) -> None:
    chance = np.random.default_rng(kills)
    for seed in range(kills):
        folder = tmp_path / str(seed)
        with churning(folder, seed) as running:
            assert running.stdout is not None
            assert running.stdout.readline() == b"open\n"
            until = time.monotonic() + chance.random()
            said = 0
            while time.monotonic() < until:
                said += running.stdout.readline() == b"changed\n"
            running.kill()
            said += running.stdout.read().count(b"changed\n")
        possible = [frozenset(), *(step.signals for step in islice(steps(seed), said + 1))][said:]
        IndexReader(folder)
        with IndexWriter(folder) as writer:
            held = held_signals(writer)
            assert held in possible
            writer.compact(everything=True)
            assert held_signals(writer) == held
            some = sorted(held)[-5:]
            for signal in some:
                value = known(range(signal, signal + 1)).values[0]
                assert writer.near(changed(value, 5), 31).signals.tolist() == [signal]


def held_signals(writer: IndexWriter) -> frozenset[int]:
    """All that an index holds, read row by row."""
    signals = set(writer.state.delta["pdq"].left().signals.tolist())
    for segment in writer.state.segments:
        assert segment.near is not None
        gone = np.unpackbits(segment.near.gone, bitorder="little")[: len(segment.near)]
        signals |= set(segment.near.signals[gone == 0].tolist())
    return frozenset(signals)


def test_a_reader_in_another_process_follows_a_busy_writer(tmp_path: Path) -> None:
    with churning(tmp_path, 1) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"open\n"
        reader = IndexReader(tmp_path)
        for step in islice(steps(1), 150):
            assert running.stdout.readline() == b"changed\n"
            signal = int(step.added.signals[0])
            found = reader.near(changed(step.added.values[0], 7), 31).signals.tolist()
            assert found in ([signal], [])  # the writer is ahead, and may have withdrawn it
        running.kill()
    reader.wait()
    reader.near(np.zeros((1, 4), np.uint64), 31)
    with IndexWriter(tmp_path) as writer:
        assert writer.state.sequence == reader.state.sequence


def test_a_second_writer_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    with churning(tmp_path, 2) as running:
        assert running.stdout is not None
        running.stdout.readline()
        with pytest.raises(Conflict, match="Another process is changing the index"):
            IndexWriter(tmp_path)
        running.kill()
    IndexWriter(tmp_path).close()


def test_a_fork_may_search_and_change_nothing(tmp_path: Path) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom amparo.core.errors import Conflict\n"
        "from amparo.detect.index import IndexWriter\n"
        "from tests.detect.index.rows import changed, random_rows\n"
        "known = random_rows(1, 3)\nwriter = IndexWriter(Path(sys.argv[1]))\n"
        "writer.change({'pdq': known})\n"
        "if os.fork() == 0:\n"
        "    assert len(writer.near(changed(known.values[1], 3), 31)) == 1\n"
        "    try: writer.change({'pdq': known})\n"
        "    except Conflict as error: print(error, flush=True)\n"
        "    else: print('changed', flush=True)\n"
        "    sys.stdin.read()\n"
        "    os._exit(0)\n"
        "writer.close()\nprint('closed', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        said = {running.stdout.readline(), running.stdout.readline()}
        assert said == {
            "closed\n", "An index is changed by the process that opened it, not by its fork.\n",
        }  # fmt: skip
        with IndexWriter(tmp_path) as writer:  # although the fork is still there
            assert writer.state.counts()["pdq"] == 3


def test_a_reader_that_dies_leaves_no_trace(tmp_path: Path) -> None:
    known_rows = random_rows(1, 300)
    with IndexWriter(tmp_path, compact_rows=10**9) as writer:
        writer.load({"pdq": known_rows})
        code = (
            "import sys, os\nfrom pathlib import Path\n"
            "from amparo.detect.index import IndexReader\n"
            "reader = IndexReader(Path(sys.argv[1]))\nos.kill(os.getpid(), 9)"
        )
        assert subprocess.run([sys.executable, "-c", code, tmp_path]).returncode == -9
        writer.compact(everything=True)
        assert len(list(tmp_path.glob("segment-*"))) == 1


def test_a_folder_that_cannot_be_written_can_be_read(tmp_path: Path) -> None:
    with IndexWriter(tmp_path) as writer:
        writer.change({"pdq": random_rows(1, 3)})
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom amparo.core.errors import AmparoError\n"
        "from amparo.detect.index import IndexReader, IndexWriter\n"
        "folder = Path(sys.argv[1])\n"
        "os.chmod(folder, 0o555)\nos.chmod(folder / 'lock', 0o444)\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "assert IndexReader(folder).state.counts()['pdq'] == 3\n"
        "try: IndexWriter(folder)\n"
        "except AmparoError as error: print(error)\n"
    )
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == Path.home().owner() and folder != Path(folder.root):
            folder.chmod(folder.stat().st_mode | 0o055)
    ended = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
    assert "cannot be changed from here (Permission denied)" in ended.stdout, ended.stderr


def test_a_full_disk_costs_the_change_and_nothing_else(tmp_path: Path) -> None:
    with IndexWriter(tmp_path, compact_rows=10**9) as writer:
        writer.change({"pdq": random_rows(1, 200)})
        before = sorted(path.name for path in tmp_path.iterdir())
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        try:
            with pytest.raises(Unavailable, match=r"cannot be kept .* nothing was changed"):
                writer.change({"pdq": random_rows(2, 2000, first=1000)})
            with pytest.raises(Unavailable, match=r"cannot be compacted .* it is as it was"):
                writer.load({"pdq": random_rows(3, 5000, first=9000)})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not list(tmp_path.glob(".building*"))
        assert len(list(tmp_path.iterdir())) <= len(before) + 1  # a journal that was begun
        writer.change({"pdq": random_rows(4, 5, first=500)})
        writer.compact()
        assert writer.state.counts()["pdq"] == 205
    assert IndexReader(tmp_path).state.counts()["pdq"] == 205
    assert os.listdir(tmp_path)


class FailingDisk:
    """A disk that takes bytes and, `broken` times after `kept`, does not promise to keep them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kept = self.broken = 0
        for name in ("fsync", "fdatasync"):
            monkeypatch.setattr(os, name, self._promise(getattr(os, name)))

    def _promise(self, promise: Callable[[int], None]) -> Callable[[int], None]:
        def promised(descriptor: int) -> None:
            if self.kept:
                self.kept -= 1
            elif self.broken:
                self.broken -= 1
                raise OSError(EIO, "Input/output error")
            promise(descriptor)

        return promised


def test_what_the_disk_did_not_promise_to_keep_is_forgotten_by_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FailingDisk(monkeypatch)
    first, refused, second = (random_rows(seed, 5, first=100 * seed) for seed in range(3))
    with IndexWriter(tmp_path, compact_rows=10**9) as writer:
        writer.change({"pdq": first})
        readers = [IndexReader(tmp_path), IndexReader(tmp_path)]
        disk.broken = 1
        monkeypatch.setattr(os, "ftruncate", looked_at(readers, os.ftruncate))
        with pytest.raises(Unavailable, match=r"Input/output error.*nothing was changed"):
            writer.change({"pdq": refused})
        assert readers[0].state.counts()["pdq"] == 5
        writer.change({"pdq": second})
        assert readers[0].near(second.values[:1].view("u8"), 0).signals.tolist() == [200]
        assert readers[1].near(second.values[:1].view("u8"), 0).signals.tolist() == [200]
        assert [reader.state.counts()["pdq"] for reader in readers] == [10, 10]
    assert IndexReader(tmp_path).state.counts()["pdq"] == 10


def looked_at(
    readers: list[IndexReader], cut: Callable[[int, int], None]
) -> Callable[[int, int], None]:
    """Readers that look just before a record is taken back."""

    def look_and_cut(descriptor: int, size: int) -> None:
        for reader in readers:
            assert reader.state.counts()["pdq"] == 10
        cut(descriptor, size)

    return look_and_cut


def test_a_writer_that_cannot_tell_what_it_has_kept_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FailingDisk(monkeypatch)
    with IndexWriter(tmp_path, compact_rows=10**9) as writer:
        writer.change({"pdq": random_rows(1, 5)})
        disk.broken = 2  # nor does it promise that the record was removed
        with pytest.raises(Unavailable, match="open it again to see"):
            writer.change({"pdq": random_rows(2, 5, first=100)})
        with pytest.raises(Conflict, match="was closed"):
            writer.change({"pdq": random_rows(2, 5, first=100)})
    with IndexWriter(tmp_path) as writer:
        assert writer.state.counts()["pdq"] == 5
        writer.change({"pdq": random_rows(2, 5, first=100)})
    assert IndexReader(tmp_path).state.counts()["pdq"] == 10


@pytest.mark.parametrize("promises", range(12))
def test_a_disk_that_breaks_during_a_compaction_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, promises: int
) -> None:
    disk = FailingDisk(monkeypatch)
    with IndexWriter(tmp_path, compact_rows=10**9) as writer:
        writer.change({"pdq": random_rows(1, 5)})
        reader = IndexReader(tmp_path)
        disk.kept, disk.broken = promises, 100
        with pytest.raises(Unavailable, match="cannot be compacted"):
            writer.compact()
        disk.broken = 0
        with suppress(Conflict):
            writer.change({"pdq": random_rows(2, 5, first=100)})
        assert reader.state.counts() == writer.state.counts()
        left = writer.state.counts()
    with IndexWriter(tmp_path) as writer:
        assert writer.state.counts() == left
        writer.compact()
        assert IndexReader(tmp_path).state.counts() == left


def test_a_disk_that_breaks_beside_a_compaction_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FailingDisk(monkeypatch)
    with IndexWriter(tmp_path, compact_rows=10**9) as writer:
        writer.change({"pdq": random_rows(1, 5)})

        def advance(_: float) -> None:
            writer.change({"pdq": random_rows(2, 5, first=100)})
            disk.broken = 1
            with pytest.raises(Unavailable, match="nothing was changed"):
                writer.change({"pdq": random_rows(3, 5, first=200)})
            writer.change({"pdq": random_rows(4, 5, first=300)})

        writer.load({"pdq": random_rows(5, 5, first=400)}, advance)
        assert writer.state.counts()["pdq"] == 20
    assert IndexReader(tmp_path).state.counts()["pdq"] == 20


def test_a_reader_takes_up_another_index_in_the_same_folder(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    with IndexWriter(folder) as writer:
        writer.load({"pdq": random_rows(1, 50)})
    reader = IndexReader(folder)
    other = random_rows(2, 50, first=7)
    with IndexWriter(tmp_path / "other") as writer:
        writer.load({"pdq": other})
    folder.rename(tmp_path / "away")
    with pytest.raises(NotFound, match="no index in"):
        reader.near(changed(other.values[3], 2), 31)
    (tmp_path / "other").rename(folder)
    (values,) = folder.glob("segment-*/pdq-values.npy")
    whole = values.read_bytes()
    values.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(Damaged, match="pdq-values"):  # although its segment has a known name
        reader.near(changed(other.values[3], 2), 31)
    values.write_bytes(whole)
    assert reader.near(changed(other.values[3], 2), 31).signals.tolist() == [10]
