"""Which signals a file matches: equal digests, and near hashes of its pictures in any variant."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

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
from amparo.detect.index.model import LARGEST_RADIUS_BITS, nearest_of_each
from amparo.detect.lists.model import VIDEO_RULES
from amparo.detect.matching.films import FilmQuery, Looked
from amparo.detect.matching.known import KnownSignals, Searchable
from amparo.detect.matching.model import Match

ORIGINAL = "original"
_QUERIES_AT_A_TIME = 1024


def find_matches(
    hashes: MediaHashes, known: KnownSignals, *, radius_bits: int = LARGEST_RADIUS_BITS
) -> tuple[Match, ...]:
    """The signals that match, each once by its nearest variant, exact ones first."""
    nearest: dict[tuple[int, int], Match] = {}
    for position, known_list in enumerate(known.lists):
        for number, match in [
            *_exact(hashes, known_list),
            *_near(hashes, known_list, radius_bits),
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


def _near(hashes: MediaHashes, known: Searchable, radius_bits: int) -> Iterator[tuple[int, Match]]:
    asked = [
        (picture, variant)
        for picture in hashes.pictures
        for variant in picture.variants or (_itself(picture),)
        if variant.quality >= USABLE_QUALITY
    ]
    in_films: dict[int, dict[int, int]] = {}
    for query, found, distance in _hits(known, [one.value for _, one in asked], radius_bits):
        if known.signal_id(found) is None:
            continue
        if known.text(found):
            near = in_films.setdefault(found, {})
            near[query] = min(distance, near.get(query, distance))
        else:
            yield found, _match(known, found, Algorithm.PDQ, distance, *asked[query])
    if not in_films:
        return
    looked = [
        Looked(each.value, each.quality, picture.frame, picture.seconds, each.name == ORIGINAL)
        for picture, each in asked
    ]
    query_ = FilmQuery(looked, hashes.film)
    for found, near in in_films.items():
        film = query_.match(near, known.text(found), VIDEO_RULES,
                            radius_bits=radius_bits, least_quality=USABLE_QUALITY)  # fmt: skip
        if film is not None:
            by = asked[film.nearest]
            match = _match(known, found, Algorithm.VPDQ, film.distance_bits, *by)
            yield found, replace(match, film=film)


def _hits(
    known: Searchable, values: Sequence[bytes], radius_bits: int
) -> Iterator[tuple[int, int, int]]:
    """A portion at a time: frames of one video can all be near all those of another."""
    for first in range(0, len(values), _QUERIES_AT_A_TIME):
        some = values[first : first + _QUERIES_AT_A_TIME]
        hits = nearest_of_each(known.near(as_words(b"".join(some)), radius_bits))
        for query, found, distance in zip(
            hits.queries.tolist(), hits.signals.tolist(), hits.distances.tolist(), strict=True
        ):
            yield first + query, found, distance


def _match(
    known: Searchable,
    found: int,
    algorithm: Algorithm,
    distance: int,
    picture: PictureHash,
    by: Variant,
) -> Match:
    return Match(
        known.name, known.signal_id(found) or "", algorithm, distance, by.name, picture.frame,
        by.quality, picture.seconds,
    )  # fmt: skip


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
