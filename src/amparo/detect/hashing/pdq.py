"""PDQ of a decoded frame, and of what a look-up searches besides: turns, mirrors, inner parts."""

import numpy as np

from amparo.detect.hashing.model import PictureHash, Variant
from amparo.detect.media.decode import decode
from amparo.detect.media.model import Frame, Kind
from amparo.kernels.borders import inner_region
from amparo.kernels.pdq import PdqHash, Region, dihedral, pdq, pdq_scaled

RETRY_QUALITY = 55
"""A scaled hash below this quality drifts too far and is computed again in full."""

SMALLEST_INNER_PX = 64
"""An inner part with a shorter side says too little to be searched."""

INNER = "inner"


def hash_frame(frame: Frame, *, with_variants: bool) -> PictureHash:
    """The hash of `frame`; `with_variants` adds the eight turns of it and of its inner part."""
    found = _pdq(frame)
    variants: tuple[Variant, ...] = ()
    if with_variants:
        variants = (*_turns(found), *_inner_turns(frame))
    return PictureHash(frame.number, found.value.tobytes(), found.quality, variants)


def hash_scaled(data: bytes, frame: Frame, *, with_variants: bool) -> PictureHash:
    """Like `hash_frame`, for a frame that may be scaled; a poor one is decoded again in full."""
    found = hash_frame(frame, with_variants=with_variants)
    if frame.block_px == 1 or found.quality >= RETRY_QUALITY:
        return found
    full = next(decode(data, kind=Kind.JPEG))
    return hash_frame(full, with_variants=with_variants)


def _pdq(frame: Frame) -> PdqHash:
    if frame.block_px == 1:
        return pdq(frame.pixels, orientation=frame.orientation)
    return pdq_scaled(
        np.ascontiguousarray(frame.pixels[:, :, 0]),
        height=frame.height,
        width=frame.width,
        block_px=frame.block_px,
        orientation=frame.orientation,
    )


def _turns(found: PdqHash, prefix: str = "") -> tuple[Variant, ...]:
    return tuple(
        Variant(f"{prefix}{turn.value}", value.tobytes(), found.quality)
        for turn, value in dihedral(found.coefficients).items()
    )


def _inner_turns(frame: Frame) -> tuple[Variant, ...]:
    """The turns of what is left without borders of one colour, where there are such."""
    top, left, height, width = inner_region(frame.pixels)
    if (height, width) == frame.pixels.shape[:2] or min(height, width) < SMALLEST_INNER_PX:
        return ()
    inner = pdq(
        frame.pixels, region=Region(top, left, height, width), orientation=frame.orientation
    )
    return _turns(inner, prefix=f"{INNER}-")
