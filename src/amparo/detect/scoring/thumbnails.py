"""What a scorer sees of a file: its frames as a person sees them, made small in the sandbox."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amparo.core.problems import ProblemCode
from amparo.detect.media.decode import decode
from amparo.detect.media.film import read_film
from amparo.detect.media.model import Frame, Limits, MediaError
from amparo.detect.media.sniff import sniff
from amparo.kernels.pdq.samples import as_shown

MOST_FRAMES = 16
"""Of one file, evenly spread, however many are hashed: each costs as much as a picture."""

_QUALITY = 90
_ENOUGH = 2
"""So many times what is wanted on a side is as good as all of it, when it is made smaller."""

_BAND_PIXELS = 1024 * 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The sides of the squares and of the JPEG files that scorers here want to see."""

    squares: tuple[int, ...] = ()
    pictures: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Thumbnails:
    """Of each frame, in the order of what was wanted: pixels of squares, and JPEG files."""

    squares: tuple[tuple[bytes, ...], ...] = ()
    pictures: tuple[tuple[bytes, ...], ...] = ()

    def square(self, wanted: Wanted, side: int) -> NDArray[np.uint8]:
        """The frames, uint8[N, side, side, 3]."""
        place = wanted.squares.index(side)
        flat = np.frombuffer(b"".join(each[place] for each in self.squares), np.uint8)
        return flat.reshape(-1, side, side, 3)

    def picture(self, wanted: Wanted, side: int) -> tuple[bytes, ...]:
        """The frames, a JPEG file each."""
        place = wanted.pictures.index(side)
        return tuple(each[place] for each in self.pictures)


def thumbnails(data: bytes, limits: Limits, wanted: Wanted, until: float) -> Thumbnails:
    """The frames of `data` as wanted; none where it cannot be decoded, or nobody waits any more.

    `until` is a moment of `time.monotonic`, which all processes of a machine share. Raises
    MemoryError.
    """
    most = min(limits.sampled_frames, MOST_FRAMES)
    limits = replace(limits, sampled_frames=most, video_frames=most)
    made: list[tuple[tuple[bytes, ...], tuple[bytes, ...]]] = []
    try:
        for frame in islice(_frames(data, limits, until), MOST_FRAMES):
            if time.monotonic() > until:
                return Thumbnails()
            stored = _stored(frame, max(wanted.squares + wanted.pictures))
            made.append(
                (
                    tuple(_square(stored, frame.orientation, side) for side in wanted.squares),
                    tuple(
                        _jpeg(_within(stored, frame.orientation, side)) for side in wanted.pictures
                    ),
                )
            )
    except MediaError:
        pass  # frames before the damage are scored; what is wrong was said when it was hashed
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 (decoders raise anything on hostile bytes)
        _log.info("A decoder failed in a way of its own.", exc_info=True)
    return Thumbnails(tuple(each[0] for each in made), tuple(each[1] for each in made))


def _frames(data: bytes, limits: Limits, until: float) -> Iterator[Frame]:
    """A few from all over the file. Raises MediaError."""
    kind = sniff(data)
    if not kind.is_video:
        return decode(data, kind=kind, limits=limits)

    def check() -> None:
        if time.monotonic() > until:
            raise MediaError(ProblemCode.MEDIA_OUT_OF_TIME, "Nobody waits for its frames any more.")

    return read_film(data, kind, limits, on_time=check).frames()


@dataclass(frozen=True, slots=True, repr=False)
class _Stored:
    """A frame's pixels as they are stored, or blocks of them; `block` is how many a side."""

    image: Image.Image
    width: int
    height: int
    block: int = 1

    def resized(self, width: int, height: int, orientation: int) -> NDArray[np.uint8]:
        """uint8 pixels of that size, RGB, turned as a person sees them."""
        whole = (0, 0, self.width / self.block, self.height / self.block)
        small = self.image.resize((width, height), Image.Resampling.BILINEAR, box=whole)
        return np.ascontiguousarray(as_shown(np.asarray(small.convert("RGB")), orientation))


def _stored(frame: Frame, largest: int) -> _Stored:
    """Where there are far more pixels than wanted, blocks of them.

    Made in bands: Pillow would otherwise take more memory for a large picture than its pixels do.
    """
    pixels = frame.pixels[:, :, 0] if frame.pixels.shape[2] == 1 else frame.pixels
    height, width = pixels.shape[:2]
    block = min(height, width) // (_ENOUGH * largest)
    if block < 2:
        return _Stored(Image.fromarray(pixels), width, height)
    rows = block * max(1, _BAND_PIXELS // (block * width))
    bands = (pixels[top : top + rows] for top in range(0, height, rows))
    made = [np.asarray(Image.fromarray(each).reduce(block)) for each in bands]
    return _Stored(Image.fromarray(np.concatenate(made)), width, height, block)


def _square(stored: _Stored, orientation: int, side: int) -> bytes:
    return stored.resized(side, side, orientation).tobytes()


def _within(stored: _Stored, orientation: int, side: int) -> Image.Image:
    """As a person sees it, smaller where a side is longer, and never larger."""
    share = min(1.0, side / max(stored.width, stored.height))
    width, height = (max(1, round(each * share)) for each in (stored.width, stored.height))
    return Image.fromarray(stored.resized(width, height, orientation))


def _jpeg(picture: Image.Image) -> bytes:
    """Anew, so that nothing goes along that the file says beside its pixels."""
    out = BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
