"""A program that changes an index without end, and says after each change that it is done."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amparo.detect.index import IndexWriter, Rows
from tests.detect.index.rows import random_rows


@dataclass
class Step:
    """One change; `signals` are those that the index holds after it."""

    added: Rows
    withdrawn: np.ndarray
    compact: bool
    signals: frozenset[int]


def steps(seed: int) -> Iterator[Step]:
    """Always the same for a seed. The hash of a signal follows from its number."""
    chance = np.random.default_rng(seed)
    signals: set[int] = set()
    first = 0
    while True:
        count = int(chance.integers(1, 60))
        added = known(range(first, first + count))
        gone = chance.choice(sorted(signals), min(len(signals), int(chance.integers(0, 40))))
        signals -= set(gone.tolist())
        signals |= set(range(first, first + count))
        first += count
        yield Step(added, gone.astype(np.uint64), chance.random() < 0.05, frozenset(signals))


def known(signals: range) -> Rows:
    """The rows of these signals."""
    values = np.concatenate([random_rows(signal, 1).values for signal in signals])
    numbers = np.array(signals, np.uint64)
    return Rows(values, numbers, np.zeros(len(numbers), np.uint32))


def main(folder: Path, seed: int) -> None:
    with IndexWriter(folder, compact_rows=150) as writer:
        print("open", flush=True)
        for step in steps(seed):
            writer.change({"pdq": step.added}, step.withdrawn)
            print("changed", flush=True)
            if step.compact:
                writer.compact(everything=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
