"""All hashes of a file's bytes: what runs in the sandbox for every upload."""

import logging
import threading
from collections.abc import Iterator, Sequence

from amparo.core.problems import Problem, ProblemCode
from amparo.detect.hashing.compat import raw_frame
from amparo.detect.hashing.digests import digest
from amparo.detect.hashing.hash_film import hash_parts, joined
from amparo.detect.hashing.model import Film, MediaHashes, PdqInput, PictureHash
from amparo.detect.hashing.others import OtherHashes
from amparo.detect.hashing.pdq import hash_frame, hash_frame_of
from amparo.detect.hashing.plug_ins import pixel_hash_types
from amparo.detect.media.decode import check_kind, decode
from amparo.detect.media.model import Kind, Limits, MediaError
from amparo.detect.media.scratch import Scratch
from amparo.detect.media.sniff import sniff

_log = logging.getLogger(__name__)
_kept = threading.local()


def hash_media(
    data: bytes,
    limits: Limits,
    *,
    pdq_input: PdqInput = PdqInput.SEEN,
    with_variants: bool = False,
    with_others: bool = True,
) -> MediaHashes:
    """The digests of `data` and the hashes of its pictures.

    A file that cannot be decoded keeps its digests, and the hashes of the frames before the
    damage, and says what is wrong in `problem`. `with_variants` adds what a look-up searches;
    without `with_others` no type that is plugged in is asked.
    """
    kind = sniff(data)
    if kind.is_video:
        return joined(
            hash_parts(data, limits, with_variants=with_variants, with_others=with_others)
        )
    pictures: list[PictureHash] = []
    others = OtherHashes(pixel_hash_types() if with_others else ())
    problem = None
    try:
        for picture in hash_pictures(
            data, kind, limits, pdq_input=pdq_input, with_variants=with_variants, others=others
        ):
            pictures.append(picture)
    except MediaError as error:
        problem = error.problem
    except MemoryError:
        raise  # not the file's fault alone: it may fit once others are done
    except Exception as error:  # noqa: BLE001 (decoders raise anything on hostile bytes)
        _log.info("A decoder failed in a way of its own.", exc_info=True)
        problem = Problem(
            ProblemCode.MEDIA_DAMAGED, f"The {kind.value} is damaged: {type(error).__name__}."
        )
    return MediaHashes(
        kind=kind,
        size_bytes=len(data),
        digests=digest(data),
        pictures=tuple(pictures),
        problem=problem or others.problem,
        others=tuple(others.found),
        film=_film(pictures, is_whole=problem is None),
    )


def _film(pictures: Sequence[PictureHash], *, is_whole: bool) -> Film | None:
    """Of an animation."""
    shown = [each.seconds for each in pictures if each.seconds is not None]
    return Film(shown[-1], len(pictures), is_whole, len(pictures)) if shown else None


def hash_pictures(
    data: bytes,
    kind: Kind,
    limits: Limits,
    *,
    pdq_input: PdqInput = PdqInput.SEEN,
    with_variants: bool = False,
    others: OtherHashes | None = None,
) -> Iterator[PictureHash]:
    """The hash of each sampled frame of `data`. Raises MediaError, after those before a damage.

    `others` gathers what types that are plugged in make of the frames.
    """
    if pdq_input is PdqInput.COMPAT:
        check_kind(data, kind)
        yield hash_frame(raw_frame(data, kind, limits), with_variants=with_variants)
    scaled = pdq_input is PdqInput.SCALED
    if pdq_input is not PdqInput.COMPAT:
        for frame in decode(data, kind=kind, limits=limits, scaled=scaled, scratch=_scratch()):
            if others and not scaled:
                others.look(frame)
            yield hash_frame_of(data, frame, limits, with_variants=with_variants)
    if others and pdq_input is not PdqInput.SEEN:  # those were not the pixels that a person sees
        for frame in decode(data, kind=kind, limits=limits, scratch=_scratch()):
            others.look(frame)


def _scratch() -> Scratch:
    """This thread's memory for pixels: each picture is hashed before the next is decoded."""
    if not hasattr(_kept, "scratch"):
        _kept.scratch = Scratch()
    scratch = _kept.scratch
    assert isinstance(scratch, Scratch)
    return scratch
