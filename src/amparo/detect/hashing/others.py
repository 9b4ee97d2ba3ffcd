"""Hashes of plugged-in types: of a frame in the sandbox, held against what their type promises."""

import logging
import operator
from collections.abc import Sequence
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from amparo.core.problems import Problem, ProblemCode
from amparo.detect.hashing.hash_type import Hashed, HashType, PixelHashType
from amparo.detect.hashing.model import OtherHash
from amparo.detect.media.model import Frame
from amparo.kernels.pdq.samples import as_shown

_log = logging.getLogger(__name__)


class OtherHashes:
    """Gathers the hashes of a file's frames by every type that hashes pixels."""

    def __init__(self, types: Sequence[PixelHashType]) -> None:
        self.found: list[OtherHash] = []
        self.problem: Problem | None = None
        self._types = types

    def __bool__(self) -> bool:
        return bool(self._types)

    def taken(self) -> tuple[OtherHash, ...]:
        """What was found since this was asked last."""
        found, self.found = tuple(self.found), []
        return found

    def look(self, frame: Frame) -> None:
        """Hash one frame by all of them; one that fails costs its own hash."""
        pixels = seen(frame)
        for each in self._types:
            try:
                made = each.hash_pixels(pixels)
                if made is not None:
                    self.found.append(checked_hash(each, made, frame.number))
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 (a plug-in raises anything)
                _log.info("A hash type failed.", exc_info=True)
                self.problem = missing(each, error)


def seen(frame: Frame) -> NDArray[np.uint8]:
    """A frame's pixels uint8[height, width, 3] as a person sees them, in memory of their own."""
    pixels = frame.pixels if frame.pixels.shape[2] == 3 else np.repeat(frame.pixels, 3, axis=2)
    return np.array(as_shown(pixels, frame.orientation), order="C")


def checked_hash(kind: HashType, made: Hashed, frame: int = 0) -> OtherHash:
    """What a type made, if it is what it promised. Raises ValueError."""
    if not isinstance(made, Hashed) or not isinstance(made.value, bytes):
        raise ValueError("a hash type answers with Hashed(bytes)")
    value, quality = bytes(made.value), _whole(made.quality)
    if len(value) != kind.width_bytes or not 0 <= quality <= 100:
        raise ValueError("a hash has width_bytes, and a quality from 0 to 100")
    return OtherHash(kind.name, value, quality, frame)


def _whole(quality: object) -> int:
    """A plain int, also of NumPy's whole numbers. Raises ValueError."""
    if isinstance(quality, SupportsIndex) and not isinstance(quality, bool | np.ndarray):
        return operator.index(quality)
    raise ValueError(
        f"a quality is a whole number, and this is a {type(quality).__name__}; say int(…)"
    )


def missing(kind: HashType, error: BaseException) -> Problem:
    """What is told of a file that a type could not hash."""
    return Problem(
        ProblemCode.MEDIA_HASH_MISSING,
        f"The hash type {kind.name!r} failed ({type(error).__name__}); it was not looked up by it.",
    )
