"""Pixels to a PDQ hash: the fast kernel, and the exact one where rounding could tell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Invalid
from amparo.kernels.pdq.box import bands, columns, sampled_positions, window_px
from amparo.kernels.pdq.exact import exact_luminance, exact_samples
from amparo.kernels.pdq.fast import banded_samples
from amparo.kernels.pdq.transform import DCT, bits, coefficients, quality

SMALLEST_SIDE_PX = 5
"""Below this PDQ defines the zero hash of quality 0."""

ROUNDING = 1e-2
"""How far a coefficient of the fast kernel may lie from the reference's, for sides up to 4096 px.

The largest difference seen over photographs, noise, stripes and flat colour was 0.0066; it comes
from the float32 running sums of the reference, which drift along a side. Longer sides get more.
"""


@dataclass(frozen=True, slots=True)
class Region:
    """The part of a picture that is hashed, in pixels as they are stored."""

    top: int
    left: int
    height: int
    width: int

    def is_inside(self, pixels: NDArray[np.uint8]) -> bool:
        """Whether `pixels` [height, width, channels] have all of it."""
        height, width, _ = pixels.shape
        return (
            min(self.top, self.left, self.height, self.width) >= 0
            and self.top + self.height <= height
            and self.left + self.width <= width
        )


@dataclass(frozen=True, slots=True, repr=False)
class PdqHash:
    """A PDQ hash: `value` uint8[32], most significant bit first, `quality` 0 to 100.

    `coefficients` float32[16, 16] are what the bits were cut from; the dihedral variants come from
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
    _check_pixels(pixels, orientation)
    region = region or Region(0, 0, pixels.shape[0], pixels.shape[1])
    if not region.is_inside(pixels):
        raise Invalid(f"{region} does not lie inside pixels of the shape {pixels.shape}.")
    if min(region.height, region.width) < SMALLEST_SIDE_PX:
        return _zero()
    if not exact:
        found = _from_samples(_fast(pixels, region, orientation), _rounding(region))
        if found is not None:
            return found
    certain = _from_samples(_exact(pixels, region, orientation), rounding=0.0)
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
    pixels = grey[:, :, None]
    _check_pixels(pixels, orientation)
    if grey.shape != (-(-height // block_px), -(-width // block_px)):
        raise Invalid(
            f"{height} × {width} in blocks of {block_px} have not the shape {grey.shape}."
        )
    if min(height, width) < SMALLEST_SIDE_PX:
        return _zero()
    samples = _banded(pixels, Region(0, 0, height, width), orientation, block_px)
    found = _from_samples(samples, rounding=0.0)
    assert found is not None
    return found


def undecided_bits(coefficients: NDArray[np.float32], within: float) -> int:
    """How many of the 256 bits were cut from coefficients closer than `within` to the median."""
    median = np.partition(coefficients, 127, axis=None)[127]
    return int((np.abs(coefficients - median) < within).sum())


def _check_pixels(pixels: NDArray[np.uint8], orientation: int) -> None:
    """The kernels read where they are told to: what does not fit is refused before."""
    fits = pixels.ndim == 3 and pixels.shape[2] in (1, 3) and pixels.flags.c_contiguous
    if pixels.dtype != np.uint8 or not fits:
        raise Invalid(
            "Pixels must be uint8[height, width, 3 or 1], C-contiguous; these are "
            f"{pixels.dtype}{list(pixels.shape)}."
        )
    if orientation not in range(1, 9):
        raise Invalid(f"An orientation is a number from 1 to 8, not {orientation}.")


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


def _fast(pixels: NDArray[np.uint8], region: Region, orientation: int) -> NDArray[np.float32]:
    return _banded(pixels, region, orientation, block_px=1)


def _banded(
    pixels: NDArray[np.uint8], region: Region, orientation: int, block_px: int
) -> NDArray[np.float32]:
    mirrored = _mirrored(orientation)
    rows = bands(region.height, flipped=_upside_down(orientation), block_px=block_px)
    across = columns(region.width, pixels.shape[2], flipped=mirrored, block_px=block_px)
    samples = banded_samples(
        pixels,
        region.top,
        region.left,
        rows.starts,
        rows.offsets,
        rows.weights,
        rows.counts,
        rows.units,
        across.starts,
        across.weights,
    )
    return np.ascontiguousarray(samples.T) if _turned(orientation) else samples


def _exact(pixels: NDArray[np.uint8], region: Region, orientation: int) -> NDArray[np.float32]:
    part = pixels[region.top : region.top + region.height, region.left : region.left + region.width]
    shown = np.ascontiguousarray(oriented(part, orientation))
    height, width = shown.shape[:2]
    if height == width == 64:
        return exact_luminance(shown)
    windows = (window_px(width), window_px(height))
    return exact_samples(shown, windows, sampled_positions(height), sampled_positions(width))


def oriented(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """A view of stored pixels [height, width, channels] as EXIF `orientation` shows them."""
    if _upside_down(orientation):
        pixels = pixels[::-1]
    if _mirrored(orientation):
        pixels = pixels[:, ::-1]
    return pixels.transpose(1, 0, 2) if _turned(orientation) else pixels


def _upside_down(orientation: int) -> bool:
    """Whether the last stored row is shown first."""
    return orientation in (3, 4, 6, 7)


def _mirrored(orientation: int) -> bool:
    """Whether the last stored column is shown first."""
    return orientation in (2, 3, 7, 8)


def _turned(orientation: int) -> bool:
    """Whether stored rows are shown as columns."""
    return orientation >= 5
