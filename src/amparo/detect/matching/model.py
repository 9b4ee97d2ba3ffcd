"""The word of this feature: a match."""

from dataclasses import dataclass

from amparo.detect.hashing.model import Algorithm
from amparo.detect.matching.films import FilmMatch


@dataclass(frozen=True, slots=True)
class Match:
    """A signal that a file matched: how far its hash lies, and which variant and frame hit.

    `seconds` is when that frame of a video is shown; `film` says how a listed video matched.
    """

    list_name: str
    signal_id: str
    algorithm: Algorithm
    distance_bits: int
    variant: str
    frame: int
    quality: int | None
    seconds: float | None = None
    film: FilmMatch | None = None
