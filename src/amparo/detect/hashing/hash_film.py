"""The hashes of a video part by part, so that what its beginning tells can be acted upon."""

import logging
import time
from collections.abc import Iterator
from dataclasses import replace

from amparo.core.problems import Problem, ProblemCode
from amparo.detect.hashing.digests import digest
from amparo.detect.hashing.model import Film, MediaHashes, PictureHash
from amparo.detect.hashing.others import OtherHashes
from amparo.detect.hashing.pdq import hash_frame
from amparo.detect.hashing.plug_ins import pixel_hash_types
from amparo.detect.media.film import read_film
from amparo.detect.media.model import Frame, Limits, MediaError
from amparo.detect.media.sniff import sniff

PART_FRAMES = 32
"""A part has no more of them: half a minute of a video."""

_SHARE_OF_TIME = 0.25
_MOST_SECONDS = 1.0
"""Of the processor time that is given anew with each part, what one takes; others may wait."""

_SHARE_FOR_LISTING = 0.8

_log = logging.getLogger(__name__)


def hash_parts(
    data: bytes, limits: Limits, *, with_variants: bool = False, with_others: bool = True
) -> Iterator[MediaHashes]:
    """The digests of a video, and then its frames, a part at a time, in their order.

    Each part has what is new, and says what there is in all; the last one says what is wrong.
    """
    kind = sniff(data)
    part = MediaHashes(kind, len(data), digest(data), film=Film())
    yield part
    others = OtherHashes(pixel_hash_types() if with_others else ())
    gathered: list[PictureHash] = []
    film, problem, count = Film(), None, 0
    try:
        listing = _Clock(limits.seconds * _SHARE_FOR_LISTING)
        read = read_film(data, kind, limits, on_time=listing.check)
        film = Film(read.seconds, read.expected)
        yield replace(part, film=film)
        clock = _clock(limits)
        for frame in read.frames():
            count += 1
            gathered.append(_hashed(frame, others, with_variants=with_variants))
            if len(gathered) == PART_FRAMES or clock.is_over():
                yield replace(part, pictures=tuple(gathered), film=film, others=others.taken())
                gathered, clock = [], _clock(limits)
        film = replace(film, frames=count, is_whole=True)
    except MediaError as error:
        problem = error.problem
        film = replace(film, frames=count, is_whole=problem.code is ProblemCode.MEDIA_TOO_LONG)
    except MemoryError:
        # Not the file's fault alone: it may fit once others are done. If not, this is all.
        yield replace(part, pictures=tuple(gathered), film=film, others=others.taken())
        raise
    except Exception as error:  # noqa: BLE001 (decoders raise anything on hostile bytes)
        _log.info("A decoder failed in a way of its own.", exc_info=True)
        problem = Problem(
            ProblemCode.MEDIA_DAMAGED, f"The {kind.value} is damaged: {type(error).__name__}."
        )
        film = replace(film, frames=count)
    yield replace(
        part,
        pictures=tuple(gathered),
        film=film,
        others=others.taken(),
        problem=problem or others.problem,
    )


def joined(parts: Iterator[MediaHashes]) -> MediaHashes:
    """All parts as one, frames in their order: a few may be decoded after later ones.

    Raises StopIteration where there is no part.
    """
    whole = next(parts)
    pictures, others = list(whole.pictures), list(whole.others)
    for part in parts:
        pictures += part.pictures
        others += part.others
        whole = replace(part, problem=part.problem or whole.problem)
    pictures.sort(key=lambda each: each.frame)
    film = whole.film and replace(whole.film, seen=len(pictures))
    return replace(whole, pictures=tuple(pictures), others=tuple(others), film=film)


def ended(hashes: MediaHashes) -> MediaHashes:
    """The same where no more frames of the video will come, whatever there are."""
    film = hashes.film and replace(hashes.film, frames=hashes.film.seen)
    return replace(hashes, film=film)


def _hashed(frame: Frame, others: OtherHashes, *, with_variants: bool) -> PictureHash:
    if others:
        others.look(frame)
    return hash_frame(frame, with_variants=with_variants)


class _Clock:
    """So many seconds of processor time."""

    def __init__(self, seconds: float) -> None:
        self._until = time.process_time() + seconds

    def is_over(self) -> bool:
        return time.process_time() > self._until

    def check(self) -> None:
        """Raises MediaError when it is over."""
        if self.is_over():
            raise MediaError(
                ProblemCode.MEDIA_OUT_OF_TIME,
                "To find the video's frames took too long (AMPARO_ITEM_SECONDS).",
            )


def _clock(limits: Limits) -> _Clock:
    """For one part."""
    return _Clock(min(limits.seconds * _SHARE_OF_TIME, _MOST_SECONDS))
