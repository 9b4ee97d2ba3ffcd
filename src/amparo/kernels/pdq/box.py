"""How PDQ's two box passes and its decimation weigh one side of a picture, as narrow bands.

Along each side PDQ runs a box filter twice and keeps 64 of the results. All three steps are
linear, so each of the 64 samples is a weighted sum of a short run of pixels: a band. The bands
depend on the side's length alone and are kept for the lengths seen last.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SAMPLES = 64


LUMINANCE = np.array([0.299, 0.587, 0.114])
"""What red, green and blue add to luminance."""

LANES = 32
"""Numbers that a loop adds up at a time; what is left over would cost as much again."""

LONGEST_KEPT_PX = 8192
"""Bands of longer sides are made each time: they are rare, and large to keep."""

LARGEST_SUM = 257
"""257 times the largest byte is the largest number of 16 bits."""


@dataclass(frozen=True, slots=True)
class Bands:
    """The 64 bands of one side.

    `starts` int32[64]: the first pixel of each band. `offsets` int32[65]: where its weights lie in
    `weights` float32[K]. The weights of a band add up to 1. Away from the ends of a side they are
    whole numbers over one divisor: `counts` uint16[K] times `units` float32[64]. Where they are
    not, or too large to be summed in 16 bits, the unit is 0.
    """

    starts: NDArray[np.int32]
    offsets: NDArray[np.int32]
    weights: NDArray[np.float32]
    counts: NDArray[np.uint16]
    units: NDArray[np.float32]


def window_px(size_px: int) -> int:
    """Width of the box filter along a side of `size_px` pixels."""
    return (size_px + 2 * SAMPLES - 1) // (2 * SAMPLES)


def sampled_positions(size_px: int) -> NDArray[np.int64]:
    """The 64 pixels that decimation keeps, int64[64]: the centres of 64 equal parts."""
    return ((np.arange(SAMPLES) + 0.5) * size_px / SAMPLES).astype(np.int64)


def bands(size_px: int, *, flipped: bool = False, block_px: int = 1) -> Bands:
    """The bands of a side of `size_px` pixels.

    `flipped` mirrors them, for a picture stored the other way round. `block_px` folds them onto
    blocks of that many pixels, for a picture that was decoded at 1 / `block_px` of its size.
    """
    make = _kept_bands if size_px <= LONGEST_KEPT_PX else _new_bands
    return make(size_px, flipped, block_px)


def _new_bands(size_px: int, flipped: bool, block_px: int) -> Bands:
    rows = [_band(position, size_px) for position in sampled_positions(size_px)]
    if flipped:
        rows = [(size_px - start - len(weights), weights[::-1]) for start, weights in rows]
    if block_px > 1:
        rows = [_fold(start, weights, block_px) for start, weights in rows]
    offsets = np.zeros(SAMPLES + 1, np.int32)
    np.cumsum([len(weights) for _, weights in rows], out=offsets[1:])
    starts = np.array([start for start, _ in rows], np.int32)
    counts, units = _whole_numbers([weights for _, weights in rows], window_px(size_px) ** 2)
    weights = np.concatenate([weights for _, weights in rows]).astype(np.float32)
    return Bands(starts, offsets, weights, counts, units)


def reads_alike_from_both_ends(size_px: int) -> bool:
    """Whether the bands of a side of `size_px` pixels are the same ones when it is mirrored."""
    one, other = bands(size_px), bands(size_px, flipped=True)
    return np.array_equal(one.starts, other.starts) and np.allclose(one.weights, other.weights)


@dataclass(frozen=True, slots=True)
class Columns:
    """The bands of a row of pixels by the bytes they cover, for sums in whole vector lanes.

    `starts` int32[64]: the first byte of each band. `weights` float32[64, W]: the weight of each
    byte from there on, 0 behind the band; W is a multiple of 32.
    """

    starts: NDArray[np.int32]
    weights: NDArray[np.float32]


def columns(size_px: int, channels: int, *, flipped: bool = False, block_px: int = 1) -> Columns:
    """The bands of a row of `size_px` pixels of `channels` (3 or 1) bytes; see `bands`."""
    make = _kept_columns if size_px <= LONGEST_KEPT_PX else _new_columns
    return make(size_px, channels, flipped, block_px)


def _new_columns(size_px: int, channels: int, flipped: bool, block_px: int) -> Columns:
    each = bands(size_px, flipped=flipped, block_px=block_px)
    share = LUMINANCE if channels == 3 else np.ones(1)
    widest = int(np.diff(each.offsets).max()) * channels
    weights = np.zeros((SAMPLES, -(-widest // LANES) * LANES), np.float32)
    for j in range(SAMPLES):
        band = each.weights[each.offsets[j] : each.offsets[j + 1]]
        weights[j, : len(band) * channels] = (band[:, None] * share).ravel()
    return Columns(each.starts * np.int32(channels), weights)


_kept_bands = lru_cache(maxsize=256)(_new_bands)
_kept_columns = lru_cache(maxsize=256)(_new_columns)


def reach(window: int) -> tuple[int, int]:
    """How many pixels before and after its own a box of `window` pixels takes in."""
    after = (window + 2) // 2 - 1
    return window - 1 - after, after


def _band(position: int, size_px: int) -> tuple[int, NDArray[np.float64]]:
    """One band: the mean, over the box at `position`, of the means of the boxes in it."""
    before, after = reach(window_px(size_px))
    outer = np.arange(max(0, position - before), min(size_px, position + after + 1))
    lows = np.maximum(outer - before, 0)
    highs = np.minimum(outer + after + 1, size_px)
    start, stop = int(lows[0]), int(highs[-1])
    shares = 1.0 / (len(outer) * (highs - lows))
    steps = np.zeros(stop - start + 1)
    np.add.at(steps, lows - start, shares)
    np.add.at(steps, highs - start, -shares)
    return start, np.cumsum(steps[:-1])


def _whole_numbers(
    rows: list[NDArray[np.float64]], divisor: int
) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
    """The weights as counts of 1 / `divisor`, and the unit of each band, 0 where that fails."""
    units = np.zeros(SAMPLES, np.float32)
    counts = []
    for i, weights in enumerate(rows):
        whole = np.rint(weights * divisor)
        fits = whole.max() <= LARGEST_SUM and np.allclose(whole, weights * divisor, atol=1e-6)
        units[i] = 1 / divisor if fits else 0.0
        counts.append(np.where(fits, whole, 0).astype(np.uint16))
    return np.concatenate(counts), units


def _fold(
    start: int, weights: NDArray[np.float64], block_px: int
) -> tuple[int, NDArray[np.float64]]:
    """Weights per block of pixels: what the pixels in it weighed together."""
    blocks = np.arange(start, start + len(weights)) // block_px
    return int(blocks[0]), np.bincount(blocks - blocks[0], weights=weights).astype(np.float64)
