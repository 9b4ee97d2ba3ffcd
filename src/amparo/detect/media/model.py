"""The words of this feature: kinds of media, limits, frames."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Invalid
from amparo.core.problems import Problem, ProblemCode


class Kind(StrEnum):
    """Media types, told from the content alone."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    GIF = "image/gif"
    BMP = "image/bmp"
    TIFF = "image/tiff"
    AVIF = "image/avif"
    HEIC = "image/heic"
    JPEG_2000 = "image/jp2"

    MP4 = "video/mp4"
    WEBM = "video/webm"
    AVI = "video/x-msvideo"
    MPEG = "video/mpeg"
    SVG = "image/svg+xml"
    HTML = "text/html"
    XML = "application/xml"
    PDF = "application/pdf"
    ZIP = "application/zip"
    GZIP = "application/gzip"
    TEXT = "text/plain"
    UNKNOWN = "application/octet-stream"

    @property
    def is_picture(self) -> bool:
        """Whether Amparo decodes it and gives it a perceptual hash."""
        return self in _PICTURES


_PICTURES = frozenset(
    {
        Kind.JPEG,
        Kind.PNG,
        Kind.WEBP,
        Kind.GIF,
        Kind.BMP,
        Kind.TIFF,
        Kind.AVIF,
        Kind.HEIC,
        Kind.JPEG_2000,
    }
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. Everything that a header tells is checked before decoding."""

    max_pixels: int = 80_000_000
    max_frames: int = 10_000
    sampled_frames: int = 16
    seconds: int = 20
    memory_bytes: int = 640 * 1024 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """One picture of a file: `pixels` uint8[height, width, 3 or 1] as stored.

    `orientation` (1 to 8, as in EXIF) says how they are to be shown. `block_px` above 1 means that
    each pixel stands for a block of that side of a picture of `height` × `width`. `approximate`
    marks luminance that a decoder gave instead of colours.
    """

    number: int
    pixels: NDArray[np.uint8]
    orientation: int = 1
    block_px: int = 1
    height: int = 0
    width: int = 0
    approximate: bool = False

    def __repr__(self) -> str:
        return f"Frame(number={self.number})"


class MediaError(Invalid):
    """One file cannot be decoded; `problem` is what its user is told."""

    def __init__(self, code: ProblemCode, message: str) -> None:
        super().__init__(message, code=code)
        self.problem = Problem(code, message)

    def __reduce__(self) -> tuple[type["MediaError"], tuple[ProblemCode, str]]:
        return MediaError, (self.problem.code, self.problem.message)
