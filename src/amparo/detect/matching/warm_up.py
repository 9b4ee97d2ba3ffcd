"""Load and compile what matching needs, before the first question."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from amparo.detect.index import DigestTable, IndexReader, IndexWriter, NearTable, Rows
from amparo.detect.index.near import MANY_QUERIES, SHORTEST_RING_ROWS
from amparo.detect.index.phrases import PhraseReader, Phrases, PhraseWriter
from amparo.detect.index.phrases.model import DIGEST_BYTES
from amparo.detect.texts.folding import fold
from amparo.kernels.automaton import word_borders
from amparo.kernels.hamming import any_near


def warm_up(*, long: bool = True) -> None:
    """Search short tables in memory; with `long`, also do all that an index in a folder can."""
    some = _rows(9, 0)
    NearTable.of(some).search(some.values[:1].view(np.uint64), 31)
    digests = Rows(some.values[:, :16].copy(), some.signals, some.lists)
    DigestTable.of(digests).search(digests.values)
    any_near(some.values.view(np.uint64), some.values.view(np.uint64), 31)
    if long:
        _change_and_search(digests)
        _find_phrases()


def _change_and_search(digests: Rows) -> None:
    with TemporaryDirectory(prefix="amparo-") as name, IndexWriter(Path(name)) as writer:
        known = _rows(SHORTEST_RING_ROWS, 0)
        writer.load({"pdq": known, "md5": digests})
        writer.load({"pdq": _rows(9, SHORTEST_RING_ROWS)})
        writer.change({"pdq": _rows(9, 2 * SHORTEST_RING_ROWS), "md5": digests}, known.signals[:9])
        queries = known.values[:MANY_QUERIES].view(np.uint64)
        in_memory = NearTable.of(known)
        for asked in (queries[:1], queries, np.zeros_like(queries)):
            in_memory.search(asked, 31)
            for index in (writer, IndexReader(Path(name))):
                index.near(asked, 31)
                index.equal("md5", digests.values)


def _find_phrases() -> None:
    folded = fold("a word")
    borders = word_borders(folded.classes)
    with TemporaryDirectory(prefix="amparo-") as name:
        known = Phrases.of([(folded.codes, bytes(DIGEST_BYTES))])
        PhraseWriter(Path(name)).add(known)
        reader = PhraseReader(Path(name))
        reader.find(folded.codes, borders, lambda some: np.zeros(len(some), np.bool_), most=1)


def _rows(count: int, first: int) -> Rows:
    values = np.random.default_rng(first).integers(0, 256, (count, 32), np.uint8)
    values[: count // 4] = 0  # alike, so that comparing all is faster too
    return Rows(
        values, np.arange(first, first + count, dtype=np.uint64), np.zeros(count, np.uint32)
    )
