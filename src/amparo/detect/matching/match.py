"""Which signals a file matches: equal digests, and near hashes of its pictures in any variant."""

from collections.abc import Iterable, Iterator

import numpy as np

from amparo.detect.hashing.model import (
    USABLE_QUALITY,
    Algorithm,
    MediaHashes,
    PictureHash,
    Variant,
)
from amparo.detect.index import as_words
from amparo.detect.index.model import LARGEST_RADIUS_BITS
from amparo.detect.matching.known import KnownSignals
from amparo.detect.matching.model import Match

ORIGINAL = "original"


def find_matches(
    hashes: MediaHashes, known: KnownSignals, *, radius_bits: int = LARGEST_RADIUS_BITS
) -> tuple[Match, ...]:
    """The signals that match, each once by its nearest variant, exact ones first."""
    nearest: dict[int, Match] = {}
    for number, match in [*_exact(hashes, known), *_near(hashes.pictures, known, radius_bits)]:
        best = nearest.get(number)
        if best is None or _order(match) < _order(best):
            nearest[number] = match
    return tuple(sorted(nearest.values(), key=_order))


def _order(match: Match) -> tuple[bool, int, bool, int]:
    perceptual = not match.algorithm.is_exact
    return perceptual, match.distance_bits, match.variant != ORIGINAL, match.frame


def _exact(hashes: MediaHashes, known: KnownSignals) -> Iterator[tuple[int, Match]]:
    digests = hashes.digests
    values = {
        Algorithm.SHA256: digests.sha256,
        Algorithm.SHA1: digests.sha1,
        Algorithm.MD5: digests.md5,
    }
    for algorithm, value in values.items():
        asked = np.frombuffer(bytes.fromhex(value), np.uint8)[None, :]
        for found in known.digests[algorithm].search(asked).signals:
            list_name, signal = known.entry(int(found))
            yield int(found), Match(list_name, signal, algorithm, 0, ORIGINAL, 0, None)


def _near(
    pictures: Iterable[PictureHash], known: KnownSignals, radius_bits: int
) -> Iterator[tuple[int, Match]]:
    asked = [
        (picture.frame, variant)
        for picture in pictures
        for variant in picture.variants or (_itself(picture),)
        if variant.quality >= USABLE_QUALITY
    ]
    if not asked or not len(known.near):
        return
    queries = as_words(b"".join(variant.value for _, variant in asked))
    hits = known.near.search(queries, radius_bits)
    for query, found, distance in zip(hits.queries, hits.signals, hits.distances, strict=True):
        frame, variant = asked[query]
        list_name, signal = known.entry(int(found))
        match = Match(
            list_name,
            signal,
            Algorithm.PDQ,
            int(distance),
            variant.name,
            frame,
            variant.quality,
        )
        yield int(found), match


def _itself(picture: PictureHash) -> Variant:
    return Variant(ORIGINAL, picture.value, picture.quality)
