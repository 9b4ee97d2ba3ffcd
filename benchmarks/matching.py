"""Near look-ups among N hashes against faiss, in the same run: latency, build, memory, change."""

import gc
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from amparo.detect.index import IndexReader, IndexWriter
from amparo.detect.matching.warm_up import warm_up
from benchmarks.figures import Figure
from benchmarks.known_hashes import (
    CENTRES,
    Hashes,
    clustered,
    degenerate,
    flips,
    rows_of,
    uniform,
)

DEFAULT_ROWS = 1_000_000
FULL_ROWS = 10_000_000
"""At this size, and only there, the targets that name it hold."""

RADIUS_BITS = 31
QUERIES = 400
SLOW_QUERIES = 40
A_TURN = 100
UNMEASURED = 1000
"""Other queries that come first in each turn of our own; ten in those of others, which are slow."""

SHAPES = {"clustered": clustered, "degenerate": degenerate}

Search = Callable[[Hashes], object]


def measure(size: int = DEFAULT_ROWS) -> list[Figure]:
    """Every figure at `size` rows, and how single queries grow from a tenth of it."""
    faiss.omp_set_num_threads(1)
    warm_up()
    full = size >= FULL_ROWS
    hashes = uniform(size)
    figures: list[Figure] = []
    with _index(hashes, figures, full=full) as folder:
        figures += _latency(folder, hashes, full=full)
        figures += _planted(folder, hashes)
        figures += _changes(folder, hashes)
        figures += _second_process(folder, full=full)
    for name, make in SHAPES.items():
        odd = make(size)
        with _index(odd, [], full=False) as folder:
            figures += _worst(name, folder, odd)
    return figures


@contextmanager
def _index(hashes: Hashes, figures: list[Figure], *, full: bool) -> Iterator[Path]:
    """An index of these in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="amparo-bench-") as name:
        folder = Path(name) / "index"
        began = time.perf_counter()
        with IndexWriter(folder) as writer:
            writer.load({"pdq": rows_of(hashes)})
            (segment,) = writer.state.segments
        figures.append(_limit("build", "s", time.perf_counter() - began, 15 if full else None))
        payload = {"pdq-signals.npy", "pdq-lists.npy"}
        for part, most in (("search structure", 130), ("payload", 24)):
            files = [one for one in segment.files.files if (one.name in payload) == (most == 24)]
            each = sum(one.size_bytes for one in files) / len(hashes)
            figures.append(_limit(part, "B/hash", each, most if full else None))
        for part, verify, most in (("open", False, 0.05), ("open and verify", True, 2)):
            began = time.perf_counter()
            IndexReader(folder, verify=verify)
            figures.append(_limit(part, "s", time.perf_counter() - began, most if full else None))
        yield folder


def _latency(folder: Path, hashes: Hashes, *, full: bool) -> list[Figure]:
    """Single queries in turns, then many at once."""
    reader = IndexReader(folder)
    queries = np.random.default_rng(7).integers(0, 2**64, (QUERIES, 4), dtype=np.uint64)
    figures = []
    for name, make, asked, target in (
        ("flat", flat, SLOW_QUERIES, 380 if full else None),
        ("MultiHash 16×16, nflip 1", multi_hash(16, 16, 1), SLOW_QUERIES, None),
        ("MultiHash 11×23, nflip 2", multi_hash(11, 23, 2), QUERIES, 75 if full else None),
    ):
        peer = make(hashes)
        contestants: dict[str, Search] = {
            "ours": lambda query: reader.near(query, RADIUS_BITS),
            "peer": peer,
        }
        times = in_turns(contestants, queries[:asked])
        for part, share in (("median", 50), ("p99", 99)):
            ours, theirs = (float(np.percentile(times[one], share)) for one in contestants)
            goal = target if part == "median" else None
            figures.append(
                Figure.of(f"single, {part}", "µs", [ours], [theirs], f"faiss {name}", target=goal)
            )
        if name == "flat":
            figures += _many(reader, peer)
        del peer, contestants
        gc.collect()
    tenth = hashes[: len(hashes) // 10]
    with _index(tenth, [], full=False) as small:
        small_reader = IndexReader(small)
        times = in_turns(
            {
                "ours": lambda query: reader.near(query, RADIUS_BITS),
                "small": lambda query: small_reader.near(query, RADIUS_BITS),
            },
            queries,
        )
        ours, less = (float(np.median(each)) for each in times.values())
        goal = 4.5 if full else None
        figures.append(
            Figure.of("single, against a tenth of the rows", "µs", [ours], [less],
                      "Amparo, a tenth", target=goal, at_most=True)
        )  # fmt: skip
    return figures


def _many(reader: IndexReader, peer: Search) -> list[Figure]:
    """Batch throughput on one and on two threads, in µs a query."""
    queries = np.random.default_rng(8).integers(0, 2**64, (20_000, 4), dtype=np.uint64)
    began = time.perf_counter()
    peer(queries[:200])
    theirs = (time.perf_counter() - began) / 200 * 1e6
    figures = []
    reader.near(queries, RADIUS_BITS)
    for threads in (1, 2):
        parts = np.array_split(queries, threads)
        work = [threading.Thread(target=reader.near, args=(part, RADIUS_BITS)) for part in parts]
        began = time.perf_counter()
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()
        ours = (time.perf_counter() - began) / len(queries) * 1e6
        label = f"batch of 20 000, {threads} thread{'s' * (threads > 1)}"
        figures.append(Figure.of(label, "µs", [ours], [theirs], "faiss flat, 1 thread"))
    return figures


def _planted(folder: Path, hashes: Hashes) -> list[Figure]:
    """Of neighbours planted at every distance all up to the radius are found, and none beyond."""
    reader = IndexReader(folder)
    chance = np.random.default_rng(9)
    within = beyond = 0
    for bits in range(41):
        rows = chance.integers(0, len(hashes), 20)
        queries = hashes[rows] ^ flips(chance, np.full(20, bits))
        hits = reader.near(queries, RADIUS_BITS)
        found = len(set(zip(hits.queries.tolist(), hits.signals.tolist(), strict=True))
                    & set(enumerate(rows.tolist())))  # fmt: skip
        within += found if bits <= RADIUS_BITS else 0
        beyond += found if bits > RADIUS_BITS else 0
    planted = 20 * (RADIUS_BITS + 1)
    return [
        Figure.of("planted within 31 bits and found", "", [within], [planted], "planted", target=1),
        _limit("planted beyond and taken for near", "", beyond, 0),
    ]


def _changes(folder: Path, hashes: Hashes) -> list[Figure]:
    """Until 1000 added or withdrawn signals are searchable; and queries during a compaction."""
    chance = np.random.default_rng(10)
    queries = chance.integers(0, 2**64, (QUERIES, 4), dtype=np.uint64)
    added, withdrawn = [], []
    with IndexWriter(folder, compact_rows=10**9, verify=False) as writer:
        for turn in range(7):
            rows = rows_of(chance.integers(0, 2**64, (1000, 4), dtype=np.uint64))
            rows.signals[:] += np.uint64(len(hashes) + 1000 * turn)
            began = time.perf_counter()
            writer.change({"pdq": rows})
            added.append((time.perf_counter() - began) * 1000)
            gone = chance.choice(len(hashes), 1000, replace=False).astype(np.uint64)
            began = time.perf_counter()
            writer.change(withdrawn=gone)
            withdrawn.append((time.perf_counter() - began) * 1000)

        def search(query: Hashes) -> object:
            return writer.near(query, RADIUS_BITS)

        quiet = np.percentile(in_turns({"": search}, queries)[""], 99)
        work = threading.Thread(target=writer.compact, kwargs={"everything": True})
        work.start()
        times: list[float] = []
        while work.is_alive():
            times += in_turns({"": search}, queries[:50])[""]
        work.join()
    return [
        _limit("add 1000", "ms", float(np.median(added)), 5),
        _limit("withdraw 1000", "ms", float(np.median(withdrawn)), 5),
        Figure.of("single, p99 during a compaction of all", "µs", [float(np.percentile(times, 99))],
                  [float(quiet)], "quiet p99", target=3, at_most=True),
    ]  # fmt: skip


def _second_process(folder: Path, *, full: bool) -> list[Figure]:
    """What a process that searches adds in private memory, beyond what it had before it opened."""
    code = (
        "import sys, numpy as np\nfrom pathlib import Path\n"
        "from amparo.detect.index import IndexReader\n"
        "from amparo.detect.matching.warm_up import warm_up\n"
        "def private():\n"
        "    lines = open('/proc/self/smaps_rollup').read().splitlines()\n"
        "    return sum(int(l.split()[1]) for l in lines if l.startswith('Private')) / 1024\n"
        "warm_up(); before = private()\n"
        "reader = IndexReader(Path(sys.argv[1]))\n"
        "queries = np.random.default_rng(1).integers(0, 2**64, (2000, 4), dtype=np.uint64)\n"
        "reader.near(queries, 31); reader.near(queries[:1], 31)\n"
        "print(private() - before)\n"
    )
    first = IndexReader(folder)  # while this process has it open too
    ended = subprocess.run(
        [sys.executable, "-c", code, folder], capture_output=True, text=True, check=True
    )
    del first
    most = 100 if full else None
    return [_limit("private memory of a second process", "MB", float(ended.stdout), most)]


def _worst(name: str, folder: Path, hashes: Hashes) -> list[Figure]:
    """The slowest query among such data, over comparing all rows, by ourselves and by faiss."""
    chance = np.random.default_rng(11)
    reader = IndexReader(folder)
    (segment,) = reader.state.segments
    assert segment.near is not None
    table = replace(segment.near, tables=None)
    chosen = np.concatenate([np.arange(20), CENTRES + chance.integers(0, len(hashes) // 2, 20)])
    queries = hashes[chosen] ^ flips(chance, chance.integers(0, 25, len(chosen)))
    contestants: dict[str, Search] = {
        "ours": lambda query: reader.near(query, RADIUS_BITS),
        "Amparo, comparing all": lambda query: table.search(query, RADIUS_BITS),
        "faiss flat": flat(hashes),
    }
    ours, *peers = (np.array([_again(search, query) for query in queries])
                    for search in contestants.values())  # fmt: skip
    figures = []
    for peer, peer_name, target in zip(peers, list(contestants)[1:], (1.3, None), strict=True):
        slowest = int(np.argmax(ours / peer))
        figures.append(
            Figure.of(
                f"{name}, slowest of 40", "µs", [float(ours[slowest])], [float(peer[slowest])],
                peer_name, target=target, at_most=True,
            )
        )  # fmt: skip
    return figures


def _again(search: Search, query: Hashes) -> float:
    """Microseconds of a query whose memory is where it was needed just before."""
    times = []
    for _ in range(4):
        began = time.perf_counter()
        search(query[None])
        times.append((time.perf_counter() - began) * 1e6)
    return float(np.median(times[1:]))


def in_turns(contestants: dict[str, Search], queries: Hashes) -> dict[str, list[float]]:
    """Microseconds of each contestant for each query; they take turns of a hundred queries.

    In its turn each first answers others that do not count: what serves look-ups serves nothing
    else in between, and its memory is not what a competitor has just emptied from the caches.
    """
    others = np.random.default_rng(99).integers(0, 2**64, (20 * UNMEASURED, 4), dtype=np.uint64)
    used = 0
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for first in range(0, len(queries), A_TURN):
        for name, search in contestants.items():
            unmeasured = UNMEASURED if name in ("ours", "small", "") else 10
            for number in range(used, used + unmeasured):
                search(others[number % len(others)][None])
            used += unmeasured
            for query in queries[first : first + A_TURN]:
                began = time.perf_counter()
                search(query[None])
                times[name].append((time.perf_counter() - began) * 1e6)
    return times


def flat(hashes: Hashes) -> Search:
    """Faiss comparing all."""
    index = faiss.IndexBinaryFlat(256)
    index.add(hashes.view(np.uint8).reshape(-1, 32))
    return lambda queries: index.range_search(_bytes(queries), RADIUS_BITS + 1)


def multi_hash(count: int, bits: int, flipped: int) -> Callable[[Hashes], Search]:
    """Faiss with so many hash tables of so many bits each."""

    def make(hashes: Hashes) -> Search:
        index = faiss.IndexBinaryMultiHash(256, count, bits)
        index.add(hashes.view(np.uint8).reshape(-1, 32))
        index.nflip = flipped
        return lambda queries: index.range_search(_bytes(queries), RADIUS_BITS + 1)

    return make


def _bytes(queries: Hashes) -> NDArray[np.uint8]:
    return queries.view(np.uint8).reshape(-1, 32)


def _limit(name: str, unit: str, ours: float, most: float | None) -> Figure:
    """A figure that may not exceed `most`."""
    if most is None:
        return Figure(name, unit, ours, 0, "", 0)
    return Figure(name, unit, ours, most, "limit", ours / most if most else ours, 1, at_most=True)
