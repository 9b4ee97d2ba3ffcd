"""Hashes of one file and the lists it is held against come in; what matched goes out."""

from amparo.detect.matching.known import KnownSignals
from amparo.detect.matching.match import find_matches
from amparo.detect.matching.model import Match

__all__ = ["KnownSignals", "Match", "find_matches"]
