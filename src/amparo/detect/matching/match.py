"""Which signals a file matches: equal digests, and near hashes of its pictures in any variant."""

from collections.abc import Iterable, Iterator

from amparo.detect.hashing.model import (
    USABLE_QUALITY,
    Algorithm,
    MediaHashes,
    OtherHash,
    PictureHash,
    Variant,
)
from amparo.detect.hashing.plug_ins import algorithm as algorithm_of
from amparo.detect.index import as_words
from amparo.detect.index.model import LARGEST_RADIUS_BITS
from amparo.detect.matching.known import KnownSignals, Searchable
from amparo.detect.matching.model import Match

ORIGINAL = "original"


def find_matches(
    hashes: MediaHashes, known: KnownSignals, *, radius_bits: int = LARGEST_RADIUS_BITS
) -> tuple[Match, ...]:
    """The signals that match, each once by its nearest variant, exact ones first."""
    nearest: dict[tuple[int, int], Match] = {}
    for position, known_list in enumerate(known.lists):
        for number, match in [
            *_exact(hashes, known_list),
            *_near(hashes.pictures, known_list, radius_bits),
            *_measured(hashes.others, known_list),
        ]:
            best = nearest.get((position, number))
            if best is None or _order(match) < _order(best):
                nearest[position, number] = match
    return tuple(sorted(nearest.values(), key=_order))


def _order(match: Match) -> tuple[bool, int, bool, int]:
    perceptual = not match.algorithm.is_exact
    return perceptual, match.distance_bits, match.variant != ORIGINAL, match.frame


def _exact(hashes: MediaHashes, known: Searchable) -> Iterator[tuple[int, Match]]:
    digests = hashes.digests
    values = {
        Algorithm.SHA256: digests.sha256,
        Algorithm.SHA1: digests.sha1,
        Algorithm.MD5: digests.md5,
    }
    for algorithm, value in values.items():
        for found in known.equal(algorithm, bytes.fromhex(value)).signals.tolist():
            if (signal_id := known.signal_id(found)) is not None:
                yield found, Match(known.name, signal_id, algorithm, 0, ORIGINAL, 0, None)


def _near(
    pictures: Iterable[PictureHash], known: Searchable, radius_bits: int
) -> Iterator[tuple[int, Match]]:
    asked = [
        (picture.frame, variant)
        for picture in pictures
        for variant in picture.variants or (_itself(picture),)
        if variant.quality >= USABLE_QUALITY
    ]
    if not asked:
        return
    hits = known.near(as_words(b"".join(variant.value for _, variant in asked)), radius_bits)
    for query, found, distance in zip(
        hits.queries.tolist(), hits.signals.tolist(), hits.distances.tolist(), strict=True
    ):
        frame, variant = asked[query]
        if (signal_id := known.signal_id(found)) is not None:
            match = Match(
                known.name, signal_id, Algorithm.PDQ, distance, variant.name, frame, variant.quality
            )
            yield found, match


def _measured(hashes: Iterable[OtherHash], known: Searchable) -> Iterator[tuple[int, Match]]:
    """By the hash types that are plugged in, each within its own radius."""
    for each in hashes:
        if each.quality < USABLE_QUALITY:
            continue
        kind = algorithm_of(each.algorithm)
        hits = known.measured(kind, each.value)
        for found, distance in zip(hits.signals.tolist(), hits.distances.tolist(), strict=True):
            if (signal_id := known.signal_id(found)) is not None:
                yield (
                    found,
                    Match(
                        known.name, signal_id, kind, distance, ORIGINAL, each.frame, each.quality
                    ),
                )


def _itself(picture: PictureHash) -> Variant:
    return Variant(ORIGINAL, picture.value, picture.quality)
