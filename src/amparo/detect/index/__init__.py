"""Hashes come in as arrays; which known ones lie near them, or are the same, goes out as arrays.

A library of its own: it knows rows and numbers, but no database, no list and no picture. A table in
memory is a `NearTable` or a `DigestTable`; an index in a folder, that lives while it is searched,
is changed by one `IndexWriter` and read by any number of `IndexReader`s.
"""

from amparo.detect.index.exact import DigestTable
from amparo.detect.index.measured import Measure
from amparo.detect.index.model import Damaged, Hits, NearIndex, Rows, as_words
from amparo.detect.index.near import NearTable
from amparo.detect.index.reader import IndexReader
from amparo.detect.index.writer import IndexWriter

__all__ = [
    "Damaged",
    "DigestTable",
    "Hits",
    "IndexReader",
    "IndexWriter",
    "Measure",
    "NearIndex",
    "NearTable",
    "Rows",
    "as_words",
]
