"""JPEG, the kind that nearly every upload is, by the shortest way to its pixels."""

import re
from collections.abc import Iterator

import simplejpeg

from amparo.detect.media.model import Frame, Kind, Limits
from amparo.detect.media.pillow import (
    check_pixels,
    decode_with_pillow,
    problem_with,
    read_orientation,
)
from amparo.detect.media.scratch import Scratch

SCALED_SIDE_PX = 256
"""Scaled decoding leaves at least so many pixels on the shorter side."""

_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
_START_OF_SCAN = 0xDA
_APP1 = 0xE1
_EXIF = b"Exif\x00\x00"

_STRAY = re.compile(r"(?P<count>\d+) extraneous bytes before marker 0x(?P<marker>[0-9a-f]{2})")


def decode_jpeg(
    data: bytes, limits: Limits, *, scaled: bool = False, scratch: Scratch | None = None
) -> Iterator[Frame]:
    """The picture in JPEG `data`; with `scaled` as grey blocks of 1, 2, 4 or 8 pixels a side."""
    try:
        height, width, colour, _ = simplejpeg.decode_jpeg_header(data)
        check_pixels(width, height, Kind.JPEG, limits, len(data))
        if colour in ("YCbCr", "RGB", "Gray"):
            if scaled:
                yield _scaled(data, height, width, scratch)
            else:
                channels = 1 if colour == "Gray" else 3
                yield _full(data, height, width, channels, scratch)
            return
    except ValueError as error:
        reason = str(error).lower()
        if "supported" not in reason and not _is_padding(data, reason):
            raise problem_with(Kind.JPEG, error) from error
    yield from decode_with_pillow(data, Kind.JPEG, limits)


def _is_padding(data: bytes, reason: str) -> bool:
    """Whether libjpeg complains of bytes beside the picture, which every viewer passes over.

    Stray bytes within the scan are what damage leaves; filling before the end is not.
    """
    found = _STRAY.search(reason)
    if found is None:
        return False
    if found["marker"] == "d9":
        end = data.rfind(b"\xff\xd9")
        return not data[end - int(found["count"]) : end].strip(b"\x00\xff")
    return _segment(data, None)[0] != _START_OF_SCAN


def _full(data: bytes, height: int, width: int, channels: int, scratch: Scratch | None) -> Frame:
    colours = "GRAY" if channels == 1 else "RGB"
    room = scratch.room(height * width * channels) if scratch else None
    pixels = simplejpeg.decode_jpeg(data, colours, strict=True, buffer=room)
    return Frame(0, pixels, exif_orientation(data), height=height, width=width)


def _scaled(data: bytes, height: int, width: int, scratch: Scratch | None) -> Frame:
    block_px = _block_px(height, width)
    rows, columns = -(-height // block_px), -(-width // block_px)
    pixels = simplejpeg.decode_jpeg(
        data,
        "GRAY",
        min_height=rows,
        min_width=columns,
        min_factor=block_px,
        buffer=scratch.room(rows * columns) if scratch else None,
        strict=True,
    )
    if pixels.shape[:2] != (rows, columns):
        raise ValueError("it cannot be decoded at a fraction of its size")
    return Frame(
        0,
        pixels,
        exif_orientation(data),
        block_px=block_px,
        height=height,
        width=width,
        approximate=True,
    )


def _block_px(height: int, width: int) -> int:
    shorter = min(height, width)
    return next((block for block in (8, 4, 2) if shorter / block >= SCALED_SIDE_PX), 1)


def exif_orientation(data: bytes) -> int:
    """The orientation that the Exif block of a JPEG asks for, 1 where there is none."""
    marker, begin, end = _segment(data, _APP1, starting=_EXIF)
    return read_orientation(data[begin:end]) if marker == _APP1 else 1


def _segment(data: bytes, wanted: int | None, *, starting: bytes = b"") -> tuple[int, int, int]:
    """The first segment of a marker and with a beginning: marker, begin and end of its content.

    The search ends at the start of the scan, or with marker 0 where something else than a segment
    stands before it.
    """
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _WITHOUT_LENGTH:
            at += 2
            continue
        begin, end = at + 4, at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end < begin:
            break
        if marker == _START_OF_SCAN or (marker == wanted and data.startswith(starting, begin)):
            return marker, begin, end
        at = end
    return 0, 0, 0
