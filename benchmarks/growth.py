"""How the time of one look-up grows with the number of known hashes, ours and that of faiss."""

import gc
import tempfile
from pathlib import Path

import faiss
import numpy as np

from amparo.detect.index import IndexReader, IndexWriter
from amparo.detect.matching.warm_up import warm_up
from benchmarks.figures import Figure
from benchmarks.known_hashes import rows_of, uniform
from benchmarks.matching import RADIUS_BITS, flat, in_turns, multi_hash

DEFAULT_ROWS = 1_000_000
SMALLEST_ROWS = 1000
PEERS = {"faiss flat": flat, "faiss MultiHash 11×23, nflip 2": multi_hash(11, 23, 2)}


def measure(size: int = DEFAULT_ROWS) -> list[Figure]:
    """Medians of single queries among 1000 rows, ten times as many, and so on up to `size`."""
    faiss.omp_set_num_threads(1)
    warm_up()
    figures = []
    rows = SMALLEST_ROWS
    while rows <= size:
        figures += _at(rows)
        rows *= 10
    return figures


def _at(rows: int) -> list[Figure]:
    hashes = uniform(rows)
    queries = np.random.default_rng(7).integers(0, 2**64, (200, 4), dtype=np.uint64)
    figures = []
    with tempfile.TemporaryDirectory(prefix="amparo-bench-") as name:
        with IndexWriter(Path(name)) as writer:
            writer.load({"pdq": rows_of(hashes)})
        reader = IndexReader(Path(name))
        for peer_name, make in PEERS.items():
            contestants = {
                "ours": lambda query: reader.near(query, RADIUS_BITS),
                peer_name: make(hashes),
            }
            asked = 40 if rows > 1_000_000 and make is flat else 200
            ours, peer = in_turns(contestants, queries[:asked]).values()
            figures.append(
                Figure.of(f"{rows:,} rows, {peer_name}", "µs", [float(np.median(ours))],
                          [float(np.median(peer))], peer_name)
            )  # fmt: skip
            del contestants
            gc.collect()
    return figures
