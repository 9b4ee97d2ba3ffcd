"""From `add` in one process to a match in another that is busy with queries: how long it takes."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from amparo.detect.index import IndexReader, IndexWriter
from amparo.detect.matching.warm_up import warm_up
from benchmarks.figures import Figure
from benchmarks.known_hashes import Hashes, rows_of, uniform

DEFAULT_ROWS = 1_000_000
TRIALS = 200
ADDED = 1000
LIMIT_MS = 250
RADIUS_BITS = 31


def measure(size: int = DEFAULT_ROWS) -> list[Figure]:
    """Median and p99 over 200 trials of 1000 signals each, added to `size` that are there."""
    warm_up()
    with tempfile.TemporaryDirectory(prefix="amparo-bench-") as name:
        folder = Path(name) / "index"
        with IndexWriter(folder) as writer:
            writer.load({"pdq": rows_of(uniform(size))})
            times = _trials(folder, writer, size)
    return [
        Figure.of(
            f"until found in another process, {part}", "ms", [float(np.percentile(times, share))],
            [LIMIT_MS], "limit", target=1, at_most=True,
        )
        for part, share in (("median", 50), ("p99", 99))
    ]  # fmt: skip


def _trials(folder: Path, writer: IndexWriter, size: int) -> list[float]:
    times = []
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.freshness", str(folder)],
        stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        other.stdout.readline()
        chance = np.random.default_rng(1)
        for trial in range(TRIALS):
            time.sleep(float(chance.random()) * 0.02)
            rows = rows_of(_added(trial))
            rows.signals[:] += np.uint64(size + ADDED * trial)
            began = time.monotonic_ns()
            writer.change({"pdq": rows})
            times.append((int(other.stdout.readline()) - began) / 1e6)
    return times


def _added(trial: int) -> Hashes:
    return np.random.default_rng((77, trial)).integers(0, 2**64, (ADDED, 4), dtype=np.uint64)


def main() -> None:
    """The other process: ask without end, and tell when what is to come next is there."""
    warm_up()
    reader = IndexReader(Path(sys.argv[1]))
    load = np.random.default_rng(2).integers(0, 2**64, (4000, 4), dtype=np.uint64)
    asked = 0
    print("ready", flush=True)
    for trial in range(TRIALS):
        last = _added(trial)[-1:]
        while not len(reader.near(last, RADIUS_BITS)):
            asked += 1
            reader.near(load[asked % len(load)][None], RADIUS_BITS)
        print(time.monotonic_ns(), flush=True)


if __name__ == "__main__":
    main()
