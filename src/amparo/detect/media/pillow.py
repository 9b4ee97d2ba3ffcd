"""Every kind of picture that Pillow reads, brought to the pixels that a person would see."""

import math
import struct
import time
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pi_heif
from numpy.typing import NDArray
from PIL import AvifImagePlugin, Image, ImageCms, TiffImagePlugin, UnidentifiedImageError

from amparo.core.problems import ProblemCode
from amparo.detect.media.model import Frame, Kind, Limits, MediaError

ORIENTATION = 0x0112
"""The Exif tag."""

WHITE_IS_ZERO = 0
"""A TIFF's word for a negative."""

FORMATS = {
    Kind.JPEG: ("JPEG", "MPO"),
    Kind.PNG: ("PNG",),
    Kind.WEBP: ("WEBP",),
    Kind.GIF: ("GIF",),
    Kind.BMP: ("BMP",),
    Kind.TIFF: ("TIFF",),
    Kind.AVIF: ("AVIF",),
    Kind.HEIC: ("HEIF",),
    Kind.JPEG_2000: ("JPEG2000",),
}

DAMAGE = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError,
           OverflowError, RuntimeError, struct.error)  # fmt: skip
"""What Pillow's readers raise on bytes that are not what they claim to be."""

_ROWS_AT_A_TIME = 256

_BYTES_A_PIXEL = 8
"""Four where Pillow decodes to, three where the result is put, and what lies between."""

_BYTES_A_PIXEL_OF = {
    Kind.JPEG: 7,
    Kind.WEBP: 17,
    Kind.HEIC: 13,
    Kind.AVIF: 14,
    Kind.JPEG_2000: 26,
}
"""Measured at 12 megapixels, in the dearest mode; AVIF and HEIC with room for 10 bits."""

_MOVING = frozenset({Kind.GIF, Kind.PNG, Kind.WEBP, Kind.AVIF})
"""Of these, further pictures are shown one after the other."""

_UNTOLD_MS = 100
"""How long browsers show a frame of an animation that does not tell."""

_BYTES_BESIDE = 32 * 1024 * 1024

_SHARE_OF_TIME = 0.6
"""Of the time for a file; the rest is for the frame in hand and for hashing."""


def prepare_pillow() -> None:
    """Load the readers, and leave the limits to `check_pixels`, which knows the operator's."""
    Image.preinit()
    Image.init()
    # Files are decoded side by side; threads within one would take memory and win nothing.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    pi_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    Image.MAX_IMAGE_PIXELS = None


def check_pixels(width: int, height: int, kind: Kind, limits: Limits, file_bytes: int) -> None:
    """Refuse by the header what would take too much memory to decode.

    Raises MediaError beyond the operator's limit, MemoryError beyond what this process may take.
    """
    if width * height > limits.max_pixels:
        raise MediaError(
            ProblemCode.MEDIA_TOO_MANY_PIXELS,
            f"The header claims {width} × {height} pixels; {limits.max_pixels} are allowed "
            "(AMPARO_MAX_PIXELS).",
        )
    # Known beforehand, so that no library takes it for damage when memory ends midway.
    bytes_a_pixel = _BYTES_A_PIXEL_OF.get(kind, _BYTES_A_PIXEL)
    if width * height * bytes_a_pixel + file_bytes + _BYTES_BESIDE > limits.memory_bytes:
        raise MemoryError


def decode_with_pillow(data: bytes, kind: Kind, limits: Limits) -> Iterator[Frame]:
    """The first frame of `data` and an even sample of the others; of pages, all."""
    deadline = time.process_time() + limits.seconds * _SHARE_OF_TIME
    try:
        image = Image.open(BytesIO(data), formats=FORMATS[kind])
        check_pixels(*image.size, kind, limits, len(data))
        total = _total(image, kind)
        if total is None:
            image = Image.open(BytesIO(data), formats=FORMATS[kind])
            yield _frame(image, 0, 0.0)
            yield from _moving(image, limits.max_frames, kind, limits, deadline, len(data))
            return
        is_moving = total > 1 and kind in _MOVING
        yield _frame(image, image.tell(), 0.0 if is_moving else None)
        if total > limits.max_frames:
            raise MediaError(
                ProblemCode.MEDIA_TOO_MANY_FRAMES,
                f"The file has {total} frames; {limits.max_frames} are allowed "
                "(AMPARO_MAX_FRAMES). Only its first was hashed.",
            )
        if is_moving:
            yield from _moving(image, total, kind, limits, deadline, len(data))
            return
        # A file of several pictures may begin with another than the first stored one.
        first = image.tell()
        for number in range(1, total):
            wanted = number if number > first else number - 1
            _seek(image, wanted, deadline, limits)
            check_pixels(*image.size, kind, limits, len(data))
            yield _frame(image, wanted)
    except UnidentifiedImageError as error:
        raise MediaError(
            ProblemCode.MEDIA_DAMAGED, f"The content begins as {kind.value} but is not readable."
        ) from error
    except DAMAGE as error:
        raise problem_with(kind, error) from error


def _total(image: Image.Image, kind: Kind) -> int | None:
    """How many frames there are; None where the end is missing, so that nobody can tell."""
    if kind is Kind.JPEG:
        return 1
    try:
        total: int = getattr(image, "n_frames", 1)
    except DAMAGE:
        if kind is not Kind.GIF:  # the others tell in their headers
            raise
        return None
    return total


def _moving(
    image: Image.Image, total: int, kind: Kind, limits: Limits, deadline: float, file_bytes: int
) -> Iterator[Frame]:
    """Of an animation that stands at its first frame, an even sample, and one a second beside."""
    evenly = frozenset(sampled(total, limits.sampled_frames))
    each_second = limits.video_frames > limits.sampled_frames
    at_ms, next_ms = _shown_ms(image), 1000
    for number in range(1, total):
        _seek(image, number, deadline, limits)
        check_pixels(*image.size, kind, limits, file_bytes)
        if number in evenly or (each_second and at_ms >= next_ms):
            next_ms = max(next_ms, at_ms // 1000 * 1000 + 1000)
            yield _frame(image, number, at_ms / 1000)
        else:
            image.load()  # some kinds tell how long a frame is shown only then
        at_ms += _shown_ms(image)


def _shown_ms(image: Image.Image) -> int:
    """How long the frame that was loaded last is shown, in thousandths of a second."""
    told = image.info.get("duration", 0)
    usable = isinstance(told, int | float) and math.isfinite(told) and told > 0
    return round(told) if usable else _UNTOLD_MS


def sampled(total: int, wanted: int) -> list[int]:
    """At most `wanted` of `total` frames, spread evenly, the first among them."""
    count = min(total, wanted)
    return [number * total // count for number in range(count)]


def _seek(image: Image.Image, wanted: int, deadline: float, limits: Limits) -> None:
    """Go to a frame, one by one, and stop before the sandbox would end it all."""
    while image.tell() != wanted:
        if time.process_time() > deadline:
            raise MediaError(
                ProblemCode.MEDIA_OUT_OF_TIME,
                f"Its frames take longer than {limits.seconds} s to decode "
                "(AMPARO_ITEM_SECONDS). Those before were hashed.",
            )
        image.seek(image.tell() + 1 if image.tell() < wanted else wanted)


def _frame(image: Image.Image, number: int, seconds: float | None = None) -> Frame:
    image.load()
    exif = image.info.get("exif", b"")
    return Frame(
        number,
        _as_seen(image),
        read_orientation(exif) if isinstance(exif, bytes) and exif else 1,
        height=image.height,
        width=image.width,
        seconds=seconds,
    )


def read_orientation(exif_block: bytes) -> int:
    """The orientation in an Exif block; a block that cannot be read asks for none."""
    exif = Image.Exif()
    try:
        exif.load(exif_block)
        orientation = exif.get(ORIENTATION, 1)
    except (SyntaxError, ValueError, TypeError, KeyError, OSError, struct.error):
        return 1
    return orientation if orientation in range(1, 9) else 1


def _as_seen(image: Image.Image) -> NDArray[np.uint8]:
    """The pixels over white, uint8[height, width, 3 or 1]: a few rows at a time, to save memory."""
    deep = image.mode in ("I", "F") or image.mode.startswith("I;16")
    see_through = image.info.get("transparency") if deep or image.mode in ("1", "L") else None
    grey = deep or (image.mode in ("1", "L") and see_through is None)
    out = np.empty((image.height, image.width, 1 if grey else 3), np.uint8)
    span = _span(image) if image.mode in ("I", "F") else 1.0
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
    bits = int(tags.get(TiffImagePlugin.BITSPERSAMPLE, (16,))[0])
    # Pillow turns such pictures round itself unless they are deep.
    negative = deep and tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == WHITE_IS_ZERO
    for top in range(0, image.height, _ROWS_AT_A_TIME):
        strip = image.crop((0, top, image.width, min(top + _ROWS_AT_A_TIME, image.height)))
        strip.info = image.info
        rows = _deep_grey(strip, span, bits) if deep else _flat(strip)
        if negative:
            rows = 255 - rows
        if deep and isinstance(see_through, int):
            rows[np.asarray(strip) == see_through] = 255
        out[top : top + strip.height] = rows.reshape(strip.height, image.width, -1)
    return out


def _flat(strip: Image.Image) -> NDArray[np.uint8]:
    """Rows of 8 bits a channel; what is transparent shows the white of a page behind it."""
    if strip.mode == "LAB":
        strip = _from_lab(strip)
    if strip.mode == "1" and "transparency" not in strip.info:
        return np.asarray(strip.convert("L"))
    if strip.mode in ("RGB", "L") and "transparency" not in strip.info:
        return np.asarray(strip)
    if strip.has_transparency_data:
        colours = strip.convert("RGBA")
        page = Image.new("RGBA", colours.size, "white")
        page.alpha_composite(colours)
        return np.asarray(page.convert("RGB"))
    return np.asarray(strip.convert("RGB"))


def _deep_grey(strip: Image.Image, span: float, bits: int) -> NDArray[np.uint8]:
    """Grey of `bits`, more than 8, cut to its 8 most significant."""
    if strip.mode.startswith("I;16"):
        return (np.asarray(strip).astype(np.uint16) >> (bits - 8)).astype(np.uint8)
    values = np.nan_to_num(np.asarray(strip).astype(np.float64))
    return np.clip(values * (255.0 / span), 0, 255).astype(np.uint8)


def _span(image: Image.Image) -> float:
    """What white is in a picture of 32-bit integers or floats, which nothing in the file says."""
    _, high = image.getextrema()
    top = float(high) if not isinstance(high, tuple) else 0.0
    spans = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
    return next((span for span in spans if top <= span), 2.0**32 - 1)


def _from_lab(strip: Image.Image) -> Image.Image:
    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(lab, rgb, "LAB", "RGB")
    converted = ImageCms.applyTransform(strip, transform)
    assert converted is not None
    return converted


def problem_with(kind: Kind, error: Exception) -> MediaError:
    """What a decoder's error means; its words, which may quote the file, are not repeated.

    Raises MemoryError where that is what the decoder ran out of.
    """
    reason = str(error).lower()
    if "memory" in reason or "alloc" in reason:
        raise MemoryError from error
    if "truncated" in reason or "premature end" in reason or isinstance(error, EOFError):
        return MediaError(
            ProblemCode.MEDIA_TRUNCATED, f"The {kind.value} is cut off; what is left is not hashed."
        )
    return MediaError(
        ProblemCode.MEDIA_DAMAGED, f"The {kind.value} is damaged; what is left is not hashed."
    )
