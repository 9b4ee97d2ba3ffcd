"""Pixels to a PDQ hash: the fast kernel, and the exact one where rounding could tell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.pdq.samples import (
    Region,
    certain_samples,
    checked,
    checked_blocks,
    fast_samples,
)
from amparo.kernels.pdq.transform import DCT, bits, coefficients, quality

SMALLEST_SIDE_PX = 5
"""Below this PDQ defines the zero hash of quality 0."""

ROUNDING = 1e-2
"""How far a coefficient of the fast kernel may lie from the reference's, for sides up to 4096 px.

The largest difference seen over photographs, noise, stripes and flat colour was 0.0066; it comes
from the float32 running sums of the reference, which drift along a side. Longer sides get more.
"""


@dataclass(frozen=True, slots=True, repr=False)
class PdqHash:
    """A PDQ hash: `value` uint8[32], most significant bit first, `quality` 0 to 100.

    `coefficients` float32[16, 16] are what the bits were cut from; `dihedral` makes variants of
    them. `exact` tells which kernel they are from.
    """

    value: NDArray[np.uint8]
    quality: int
    coefficients: NDArray[np.float32]
    exact: bool

    @property
    def hex(self) -> str:
        """The 64 digits by which the field exchanges PDQ hashes."""
        return self.value.tobytes().hex()

    def __repr__(self) -> str:
        return f"PdqHash(quality={self.quality})"


def pdq(
    pixels: NDArray[np.uint8],
    *,
    region: Region | None = None,
    orientation: int = 1,
    exact: bool = False,
) -> PdqHash:
    """The PDQ hash of `pixels` uint8[height, width, 3 (RGB) or 1 (grey)], C-contiguous.

    Hash and quality are those of the reference at full resolution. `region` hashes a part of the
    picture, `orientation` (1 to 8, as in EXIF) hashes it as it is to be shown. `exact` takes the
    exact kernel in any case. Raises Invalid for pixels of another type or shape, and for a region
    that is not inside.

    Algorithm: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm",
    Facebook, 2019.
    """
    region = checked(pixels, region, orientation)
    if min(region.height, region.width) < SMALLEST_SIDE_PX:
        return _zero()
    if not exact:
        found = _from_samples(fast_samples(pixels, region, orientation), _rounding(region))
        if found is not None:
            return found
    certain = _from_samples(certain_samples(pixels, region, orientation), rounding=0.0)
    assert certain is not None
    return certain


def pdq_scaled(
    grey: NDArray[np.uint8], *, height: int, width: int, block_px: int, orientation: int = 1
) -> PdqHash:
    """An approximate PDQ hash from a picture that was decoded at 1 / `block_px` of its size.

    `grey` uint8[rows, columns] holds the mean luminance of blocks of the full picture, which is
    `height` × `width` pixels. A few bits may differ from the reference's hash. Raises Invalid where
    these do not fit together.
    """
    pixels, region = checked_blocks(grey, height, width, block_px, orientation)
    if min(height, width) < SMALLEST_SIDE_PX:
        return _zero()
    samples = fast_samples(pixels, region, orientation, block_px)
    found = _from_samples(samples, rounding=0.0)
    assert found is not None
    return found


def undecided_bits(coefficients: NDArray[np.float32], within: float) -> int:
    """How many of the 256 bits were cut from coefficients closer than `within` to the median."""
    median = np.partition(coefficients, 127, axis=None)[127]
    return int((np.abs(coefficients - median) < within).sum())


def _zero() -> PdqHash:
    return PdqHash(np.zeros(32, np.uint8), 0, np.zeros((16, 16), np.float32), exact=True)


def _rounding(region: Region) -> float:
    return ROUNDING * max(1.0, max(region.height, region.width) / 4096)


def _from_samples(samples: NDArray[np.float32], rounding: float) -> PdqHash | None:
    """The hash of the samples, or None where differences of `rounding` could change it."""
    score, certain = quality(samples, rounding / 2)
    if not certain:
        return None
    found = coefficients(samples, DCT)
    value, margin = bits(found)
    if margin < rounding:
        return None
    return PdqHash(value, score, found, exact=rounding == 0.0)
