"""PDQ of a decoded frame, and of what a look-up searches besides: turns, mirrors, inner parts."""

import numpy as np
from numpy.typing import NDArray

from amparo.detect.hashing.model import PictureHash, Variant
from amparo.detect.media.decode import decode
from amparo.detect.media.model import Frame, Kind, Limits
from amparo.kernels.borders import inner_region
from amparo.kernels.pdq import (
    PdqHash,
    Region,
    Turn,
    pdq,
    pdq_scaled,
    turned,
    turned_scaled,
    undecided_bits,
)

RETRY_QUALITY = 55
"""An approximate hash below this quality drifts too far and is computed again in full."""

UNDECIDED_WITHIN = 0.25
MOST_UNDECIDED = 8
"""So is one of which more bits than this were cut from coefficients that close to the median.

Regular drawings have dozens of them, photographs two or three. Without this rule the hash of a
chessboard is up to 52 bits off; with it no picture of the test extras is more than 4.
"""

SMALLEST_INNER_PX = 64
"""An inner part with a shorter side says too little to be searched."""

INNER = "inner"
WITHIN_BARS = "within-bars"


def hash_frame(frame: Frame, *, with_variants: bool) -> PictureHash:
    """The hash of `frame`; `with_variants` adds the eight turns of it and of its inner part."""
    return _picture(frame, _pdq(frame), with_variants=with_variants)


def hash_frame_of(data: bytes, frame: Frame, limits: Limits, *, with_variants: bool) -> PictureHash:
    """Like `hash_frame`; where an approximate frame is not good enough, `data` is decoded anew."""
    found = _pdq(frame)
    bordered = frame.approximate and with_variants and bool(_inner_regions(frame))
    if frame.approximate and (bordered or not _is_good_enough(found)):
        frame = next(decode(data, kind=Kind.JPEG, limits=limits))
        found = _pdq(frame)
    return _picture(frame, found, with_variants=with_variants)


def _is_good_enough(found: PdqHash) -> bool:
    undecided = undecided_bits(found.coefficients, UNDECIDED_WITHIN)
    return found.quality >= RETRY_QUALITY and undecided <= MOST_UNDECIDED


def _picture(frame: Frame, found: PdqHash, *, with_variants: bool) -> PictureHash:
    variants = (*_turns(frame, found), *_inner_turns(frame)) if with_variants else ()
    return PictureHash(frame.number, found.value.tobytes(), found.quality, variants, frame.seconds)


def _pdq(frame: Frame, region: Region | None = None) -> PdqHash:
    """The hash of the frame, or of a region of one that is not approximate."""
    if not frame.approximate:
        return pdq(frame.pixels, region=region, orientation=frame.orientation)
    return pdq_scaled(
        np.ascontiguousarray(frame.pixels[:, :, 0]),
        height=frame.height,
        width=frame.width,
        block_px=frame.block_px,
        orientation=frame.orientation,
    )


def _turns(
    frame: Frame, found: PdqHash, region: Region | None = None, prefix: str = ""
) -> tuple[Variant, ...]:
    return tuple(
        Variant(f"{prefix}{turn.value}", value.tobytes(), found.quality)
        for turn, value in _turned(frame, found, region).items()
    )


def _turned(frame: Frame, found: PdqHash, region: Region | None) -> dict[Turn, NDArray[np.uint8]]:
    """The eight hashes of the frame, or of a region of one that is not approximate."""
    if not frame.approximate:
        return turned(found, frame.pixels, region=region, orientation=frame.orientation)
    return turned_scaled(
        found,
        np.ascontiguousarray(frame.pixels[:, :, 0]),
        height=frame.height,
        width=frame.width,
        block_px=frame.block_px,
        orientation=frame.orientation,
    )


def _inner_turns(frame: Frame) -> tuple[Variant, ...]:
    """The turns of what is left without borders of one colour, where there are such."""
    return tuple(
        variant
        for name, region in _inner_regions(frame).items()
        for variant in _turns(frame, _pdq(frame, region), region, prefix=f"{name}-")
    )


def _inner_regions(frame: Frame) -> dict[str, Region]:
    """The parts within borders of one colour, and within such that are written upon.

    Where there are none, where little is within, or where both are the same, only what there is.
    """
    regions: dict[str, Region] = {}
    for name, written in ((INNER, False), (WITHIN_BARS, True)):
        region = Region(*inner_region(frame.pixels, written))
        whole = (region.height, region.width) == frame.pixels.shape[:2]
        large = min(region.height, region.width) * frame.block_px >= SMALLEST_INNER_PX
        if large and not whole and region not in regions.values():
            regions[name] = region
    return regions
