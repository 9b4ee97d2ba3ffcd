"""PDQ's 64×64 samples of a picture, or of a part of it, as it is to be shown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Invalid
from amparo.kernels.pdq.box import bands, columns, sampled_positions, window_px
from amparo.kernels.pdq.exact import exact_luminance, exact_samples
from amparo.kernels.pdq.fast import banded_samples

_SHOWN = {
    1: (False, False, False),
    2: (False, True, False),
    3: (True, True, False),
    4: (True, False, False),
    5: (False, False, True),
    6: (True, False, True),
    7: (True, True, True),
    8: (False, True, True),
}
"""For each of EXIF's orientations: whether the last stored row is shown first, whether the last
stored column is, and whether rows are shown as columns."""

_ORIENTATIONS = {shown: orientation for orientation, shown in _SHOWN.items()}


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

    def shown_size(self, orientation: int) -> tuple[int, int]:
        """Height and width as `orientation` shows them."""
        turned = _SHOWN[orientation][2]
        return (self.width, self.height) if turned else (self.height, self.width)


def as_shown(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Stored pixels [height, width, channels] as `orientation` shows them; a view."""
    rows, columns_, turned = _SHOWN[orientation]
    shown = pixels[:: -1 if rows else 1, :: -1 if columns_ else 1]
    return shown.transpose(1, 0, 2) if turned else shown


def checked(pixels: NDArray[np.uint8], region: Region | None, orientation: int) -> Region:
    """The part of `pixels` to be hashed, and Invalid where the kernels would read beside it."""
    _check_pixels(pixels, orientation)
    region = region or Region(0, 0, pixels.shape[0], pixels.shape[1])
    if not region.is_inside(pixels):
        raise Invalid(f"{region} does not lie inside pixels of the shape {pixels.shape}.")
    return region


def checked_blocks(
    grey: NDArray[np.uint8], height: int, width: int, block_px: int, orientation: int
) -> tuple[NDArray[np.uint8], Region]:
    """`grey` uint8[rows, columns] with its one channel, and the picture it is of, in its pixels."""
    pixels = grey[:, :, None]
    _check_pixels(pixels, orientation)
    if grey.shape != (-(-height // block_px), -(-width // block_px)):
        raise Invalid(
            f"{height} × {width} in blocks of {block_px} have not the shape {grey.shape}."
        )
    return pixels, Region(0, 0, height, width)


def _check_pixels(pixels: NDArray[np.uint8], orientation: int) -> None:
    fits = pixels.ndim == 3 and pixels.shape[2] in (1, 3) and pixels.flags.c_contiguous
    if pixels.dtype != np.uint8 or not fits:
        raise Invalid(
            "Pixels must be uint8[height, width, 3 or 1], C-contiguous; these are "
            f"{pixels.dtype}{list(pixels.shape)}."
        )
    if orientation not in range(1, 9):
        raise Invalid(f"An orientation is a number from 1 to 8, not {orientation}.")


def fast_samples(
    pixels: NDArray[np.uint8], region: Region, orientation: int, block_px: int = 1
) -> NDArray[np.float32]:
    """The samples, float32[64, 64], in one look at the pixels; `block_px` as in `bands`."""
    upside_down, mirrored, turned = _SHOWN[orientation]
    rows = bands(region.height, flipped=upside_down, block_px=block_px)
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
    return np.ascontiguousarray(samples.T) if turned else samples


def certain_samples(
    pixels: NDArray[np.uint8], region: Region, orientation: int
) -> NDArray[np.float32]:
    """The samples, float32[64, 64], to the last bit as the reference has them."""
    part = pixels[region.top : region.top + region.height, region.left : region.left + region.width]
    shown = np.ascontiguousarray(oriented(part, orientation))
    height, width = shown.shape[:2]
    if height == width == 64:
        return exact_luminance(shown)
    windows = (window_px(width), window_px(height))
    return exact_samples(shown, windows, sampled_positions(height), sampled_positions(width))


def oriented(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """A view of stored pixels [height, width, channels] as EXIF `orientation` shows them."""
    upside_down, mirrored, turned = _SHOWN[orientation]
    if upside_down:
        pixels = pixels[::-1]
    if mirrored:
        pixels = pixels[:, ::-1]
    return pixels.transpose(1, 0, 2) if turned else pixels


def flipped(orientation: int, *, down: bool, across: bool) -> int:
    """The orientation that shows what `orientation` shows, its rows or columns in reverse."""
    upside_down, mirrored, turned = _SHOWN[orientation]
    if turned:
        down, across = across, down
    return _ORIENTATIONS[upside_down ^ down, mirrored ^ across, turned]
