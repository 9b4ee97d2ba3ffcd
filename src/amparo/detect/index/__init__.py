"""Hashes come in as arrays; which known ones lie near them, or are the same, goes out as arrays.

A library of its own: it knows rows and numbers, but no database, no list and no picture.
"""

from amparo.detect.index.exact import DigestTable
from amparo.detect.index.model import Hits, NearIndex, as_words
from amparo.detect.index.near import BruteForceIndex

__all__ = ["BruteForceIndex", "DigestTable", "Hits", "NearIndex", "as_words"]
