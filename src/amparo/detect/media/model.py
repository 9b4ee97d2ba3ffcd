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
    QUICKTIME = "video/quicktime"
    WEBM = "video/webm"
    MATROSKA = "video/x-matroska"
    AVI = "video/x-msvideo"
    MPEG = "video/mpeg"
    MPEG_STREAM = "video/mpv"
    MPEG_TS = "video/mp2t"
    FLV = "video/x-flv"
    ASF = "video/x-ms-asf"
    OGG = "application/ogg"
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
        """Whether Pillow or a JPEG decoder reads it."""
        return self in _PICTURES

    @property
    def is_video(self) -> bool:
        """Whether FFmpeg reads it; it may turn out to hold sound alone."""
        return self in _VIDEOS


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


_VIDEOS = frozenset(
    {
        Kind.MP4,
        Kind.QUICKTIME,
        Kind.WEBM,
        Kind.MATROSKA,
        Kind.AVI,
        Kind.MPEG,
        Kind.MPEG_STREAM,
        Kind.MPEG_TS,
        Kind.FLV,
        Kind.ASF,
        Kind.OGG,
    }
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. Everything that a header tells is checked before decoding."""

    max_pixels: int = 80_000_000
    max_frames: int = 10_000
    sampled_frames: int = 16
    video_frames: int = 10_000
    video_length_seconds: int = 6 * 60 * 60
    seconds: int = 20
    memory_bytes: int = 640 * 1024 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """One picture of a file: `pixels` uint8[height, width, 3 or 1] as stored.

    `orientation` (1 to 8, as in EXIF) says how they are to be shown. `block_px` above 1 means that
    each pixel stands for a block of that side of a picture of `height` × `width`. `approximate`
    marks luminance that a decoder gave instead of colours. `seconds` is when it is shown, None
    for a still picture.
    """

    number: int
    pixels: NDArray[np.uint8]
    orientation: int = 1
    block_px: int = 1
    height: int = 0
    width: int = 0
    approximate: bool = False
    seconds: float | None = None

    def __repr__(self) -> str:
        return f"Frame(number={self.number})"


class MediaError(Invalid):
    """One file cannot be decoded; `problem` is what its user is told."""

    def __init__(self, code: ProblemCode, message: str) -> None:
        super().__init__(message, code=code)
        self.problem = Problem(code, message)

    def __reduce__(self) -> tuple[type["MediaError"], tuple[ProblemCode, str]]:
        return MediaError, (self.problem.code, self.problem.message)
