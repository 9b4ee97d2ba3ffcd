"""The hashes of a picture's mirror images and quarter turns.

Turning or mirroring a picture transposes its 16×16 coefficients and flips the signs of some of
their rows or columns, so all eight cost eight medians. That is exact for a picture whose 64 sampled
rows and columns lie the same way from either end. For others it is up to 22 bits off, and 104 for
gravel: `turned` then takes the samples of the mirrored picture.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.pdq.box import reads_alike_from_both_ends
from amparo.kernels.pdq.hash_pixels import SMALLEST_SIDE_PX, PdqHash
from amparo.kernels.pdq.samples import Region, checked, checked_blocks, fast_samples, flipped
from amparo.kernels.pdq.transform import DCT, bits, coefficients


class Turn(StrEnum):
    """The eight symmetries of a rectangle, by PDQ's names for them."""

    ORIGINAL = "original"
    ROTATE_90 = "rotate90"
    ROTATE_180 = "rotate180"
    ROTATE_270 = "rotate270"
    FLIP_X = "flipx"
    FLIP_Y = "flipy"
    FLIP_PLUS = "flipplus1"
    FLIP_MINUS = "flipminus1"


_ODD_BASIS = np.where(np.arange(16) % 2 == 0, np.float32(-1), np.float32(1))
_DOWN = np.ascontiguousarray(np.broadcast_to(_ODD_BASIS[:, None], (16, 16)))
_ACROSS = np.ascontiguousarray(_DOWN.T)

Coefficients = NDArray[np.float32]


def dihedral(coefficients: Coefficients) -> dict[Turn, NDArray[np.uint8]]:
    """The eight hashes, each uint8[32], as a picture's float32[16, 16] coefficients tell them."""
    down, across = coefficients * _DOWN, coefficients * _ACROSS
    return _eight(coefficients, down, across, down * _ACROSS)


def turned(
    found: PdqHash,
    pixels: NDArray[np.uint8],
    *,
    region: Region | None = None,
    orientation: int = 1,
) -> dict[Turn, NDArray[np.uint8]]:
    """The eight hashes, each uint8[32], of the picture whose hash was `found`.

    They are the hashes of the turned and mirrored pixels themselves, but for bits that rounding
    decides. The other arguments, and what is Invalid, are those of `pdq`.
    """
    region = checked(pixels, region, orientation)
    return _turned(found, pixels, region, orientation, block_px=1)


def turned_scaled(
    found: PdqHash,
    grey: NDArray[np.uint8],
    *,
    height: int,
    width: int,
    block_px: int,
    orientation: int = 1,
) -> dict[Turn, NDArray[np.uint8]]:
    """Like `turned`, for a hash of `pdq_scaled`, whose arguments these are."""
    pixels, region = checked_blocks(grey, height, width, block_px, orientation)
    return _turned(found, pixels, region, orientation, block_px)


def _turned(
    found: PdqHash, pixels: NDArray[np.uint8], region: Region, orientation: int, block_px: int
) -> dict[Turn, NDArray[np.uint8]]:
    """Samples of the mirrored picture only where signs alone would not tell the same."""
    if min(region.height, region.width) < SMALLEST_SIDE_PX:
        return dihedral(found.coefficients)

    def mirrored(*, down: bool, across: bool) -> Coefficients:
        seen = flipped(orientation, down=down, across=across)
        return coefficients(fast_samples(pixels, region, seen, block_px), DCT)

    height, width = region.shown_size(orientation)
    alike_down, alike_across = reads_alike_from_both_ends(height), reads_alike_from_both_ends(width)
    plain = found.coefficients
    down = plain * _DOWN if alike_down else mirrored(down=True, across=False)
    across = plain * _ACROSS if alike_across else mirrored(down=False, across=True)
    if alike_across:
        both = down * _ACROSS
    elif alike_down:
        both = across * _DOWN
    else:
        both = mirrored(down=True, across=True)
    eight = _eight(plain, down, across, both)
    eight[Turn.ORIGINAL] = found.value
    return eight


def _eight(
    plain: Coefficients, down: Coefficients, across: Coefficients, both: Coefficients
) -> dict[Turn, NDArray[np.uint8]]:
    """The hashes of a picture and its mirror images as they are, and turned on their side."""
    each = {
        Turn.ORIGINAL: plain,
        Turn.ROTATE_90: across.T,
        Turn.ROTATE_180: both,
        Turn.ROTATE_270: down.T,
        Turn.FLIP_X: down,
        Turn.FLIP_Y: across,
        Turn.FLIP_PLUS: plain.T,
        Turn.FLIP_MINUS: both.T,
    }
    return {turn: bits(np.ascontiguousarray(one))[0] for turn, one in each.items()}
