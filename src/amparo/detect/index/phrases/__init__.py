"""Phrases come in as numbers for letters, each with a digest; where a text has one goes out.

Kept beside an index of hashes, in a folder of arrays that every process maps: one writer, any
number of readers. It may find a phrase that nobody wants any more; whoever asks says which count.
"""

from amparo.detect.index.phrases.model import Find, Phrases
from amparo.detect.index.phrases.reader import PhraseReader
from amparo.detect.index.phrases.writer import PhraseWriter

__all__ = ["Find", "PhraseReader", "PhraseWriter", "Phrases"]
