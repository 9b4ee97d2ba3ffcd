"""Whether what is looked up is a video that a list names, a part of one, or holds one.

Matched by vPDQ's definition: bags of frames, without those of poor quality and without repetitions;
q % of the frames looked up are near one of the listed video's, c % of the listed ones near one of
those. A video counts where a rule of its list holds; where no frame is left on a side, nothing can
be said. Source: the README of vPDQ in Meta's ThreatExchange.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from amparo.detect.hashing.model import USABLE_QUALITY, Film
from amparo.detect.hashing.vpdq import VpdqFrame, vpdq_frames
from amparo.detect.index import as_words
from amparo.detect.index.model import LARGEST_RADIUS_BITS
from amparo.detect.lists.model import VideoRule
from amparo.kernels.hamming import any_near

_KEPT_VIDEOS = 64


@dataclass(frozen=True, slots=True, repr=False)
class Looked:
    """A hash of a frame that is looked up: of which frame, when it is shown, how good it is."""

    value: bytes
    quality: int
    frame: int
    seconds: float | None
    is_original: bool = True
    last_seconds: float | None = None
    """When the same hash comes for the last time, where that is later."""


@dataclass(frozen=True, slots=True)
class FilmMatch:
    """How a video matched: how much of each side, where in each, and by which hash looked up.

    Seconds are of the first and the last frame that matched; of a still picture, None.
    """

    query_percent: float
    listed_percent: float
    nearest: int
    distance_bits: int
    seconds: float | None
    last_seconds: float | None
    listed_seconds: float
    listed_last_seconds: float

    def __repr__(self) -> str:
        return f"FilmMatch({self.query_percent:.0f} %, {self.listed_percent:.0f} %)"


class FilmQuery:
    """The frames of one file, to be held against the videos that some of them are near to."""

    def __init__(self, looked: Sequence[Looked], film: Film | None) -> None:
        """`film` tells how many frames there will be where not all have come yet."""
        self._looked = looked
        self._originals = {each.frame: each for each in looked if each.is_original}
        self._to_come = 0
        if film is not None and not film.is_whole:
            self._to_come = max(0, film.frames - film.seen)

    def match(
        self,
        hits: Mapping[int, int],
        text: str,
        rules: Iterable[VideoRule],
        *,
        radius_bits: int,
        least_quality: int,
        without: frozenset[int] = frozenset(),
    ) -> FilmMatch | None:
        """How the listed video with that text matches; None where it does not.

        `hits` are the hashes looked up that are near one of its frames, by number, and how near.
        Frames that are `without` are known to be harmless.
        """
        least = max(least_quality, USABLE_QUALITY)
        usable = self._usable(least, without)
        found = {
            number: distance
            for number, distance in hits.items()
            if self._looked[number].frame in usable and self._looked[number].quality >= least
        }
        listed = _distinct(text, least)
        if not usable or not listed or not found:
            return None
        alike = {usable[self._looked[number].frame] for number in found}
        query_percent = 100 * len(alike) / (len(set(usable.values())) + self._to_come)
        near = self._near(found, listed, radius_bits)
        listed_percent = 100 * len(near) / len(listed)
        if not any(
            query_percent >= rule.query_percent and listed_percent >= rule.listed_percent
            for rule in rules
        ):
            return None
        nearest = min(found, key=lambda number: (found[number], number))
        shown = sorted(
            seconds
            for each in (self._looked[number] for number in found)
            for seconds in (each.seconds, each.last_seconds)
            if seconds is not None
        )
        when = sorted(listed[place].seconds for place in near) or [listed[0].seconds]
        return FilmMatch(
            query_percent, listed_percent, nearest, found[nearest],
            shown[0] if shown else None, shown[-1] if shown else None, when[0], when[-1],
        )  # fmt: skip

    def _usable(self, least: int, without: frozenset[int]) -> dict[int, bytes]:
        """The hash of each frame that is good enough, by its number."""
        return {
            frame: each.value
            for frame, each in self._originals.items()
            if each.quality >= least and frame not in without
        }

    def _near(
        self, found: Iterable[int], listed: Sequence[VpdqFrame], radius_bits: int
    ) -> list[int]:
        """The places of the listed frames that are near one of those that were found.

        One that is near no frame of the listed video is near none of these either. It stops at the
        first that is near: of two stills of an hour all pairs are.
        """
        known = as_words(b"".join(self._looked[number].value for number in found))
        queries = as_words(b"".join(each.value for each in listed))
        return [int(place) for place in np.flatnonzero(any_near(queries, known, radius_bits))]


def shares(query: Iterable[VpdqFrame], text: str) -> tuple[float, float]:
    """Percent of a video's frames that are in the one with that text, and of that one's in it.

    Both 0 where no frame is good enough on a side.
    """
    looked = [
        Looked(each.value, each.quality, place, each.seconds) for place, each in enumerate(query)
    ]
    found = FilmQuery(looked, None).match(
        _near_hits(looked, text), text, [VideoRule(0, 0)],
        radius_bits=LARGEST_RADIUS_BITS, least_quality=USABLE_QUALITY,
    )  # fmt: skip
    return (0.0, 0.0) if found is None else (found.query_percent, found.listed_percent)


def _near_hits(looked: Sequence[Looked], text: str) -> dict[int, int]:
    """The hashes looked up that are near a frame of the video with that text; how near, untold."""
    listed = as_words(b"".join(each.value for each in _distinct(text, USABLE_QUALITY)))
    queries = as_words(b"".join(each.value for each in looked))
    return dict.fromkeys(np.flatnonzero(any_near(queries, listed, LARGEST_RADIUS_BITS)).tolist(), 0)


@lru_cache(maxsize=_KEPT_VIDEOS)
def _distinct(text: str, least: int) -> tuple[VpdqFrame, ...]:
    """A listed video's frames that are good enough, each hash once."""
    first: dict[bytes, VpdqFrame] = {}
    for each in vpdq_frames(text):
        if each.quality >= least:
            first.setdefault(each.value, each)
    return tuple(first.values())
