"""After warming up, nothing is compiled while somebody waits for an answer."""

import subprocess
import sys

CODE = """
import tempfile
from pathlib import Path
import numpy as np
import numba.core.dispatcher as dispatcher
from amparo.detect.index import IndexReader, IndexWriter
from amparo.detect.index.phrases import PhraseReader, Phrases, PhraseWriter
from amparo.detect.matching.warm_up import warm_up
from amparo.detect.texts.folding import fold
from amparo.kernels.automaton import word_borders
from tests.detect.index.rows import changed, random_rows

warm_up()
before = dispatcher.Dispatcher.compile
asked = []
def compile(self, signature):
    asked.append((self.py_func.__name__, signature))
    return before(self, signature)
dispatcher.Dispatcher.compile = compile
with tempfile.TemporaryDirectory() as name, IndexWriter(Path(name)) as writer:
    known = random_rows(1, 6000)
    writer.load({"pdq": known, "sha1": random_rows(2, 50, width=20)})
    writer.change({"pdq": random_rows(3, 10, first=9000)}, known.signals[:20])
    writer.compact()
    reader = IndexReader(Path(name))
    for index in (writer, reader):
        index.near(changed(known.values[50], 20), {0: 31})
        index.near(known.values[:700].view("u8"), 31)
        index.equal("sha1", random_rows(2, 3, width=20).values)
    writer.change(withdrawn=known.signals[30:40])
    reader.near(changed(known.values[50], 20), 31)
    words = Path(name) / "phrases"
    PhraseWriter(words).add(Phrases.of([(fold("zorvimel").codes, bytes(32))]))
    text = fold("É zorvimel, zorvimel")
    phrases = PhraseReader(words)
    for listed in (True, False):
        phrases.find(
            text.codes, word_borders(text.classes), lambda some: np.full(len(some), listed), most=9
        )
print(asked)
"""


def test_nothing_is_compiled_in_a_request() -> None:
    ended = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert ended.stdout == "[]\n", ended.stderr
