"""Where the uniform borders of a picture end: letterboxes, pillarboxes, frames of one colour."""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import kernel

TOLERANCE = 12
"""How far a channel may lie from the border's colour: what JPEG does to flat areas, and a bit."""


SMEARED_PX = 16
"""JPEG smears the edge of a border over the block that holds it, colours over two."""


@kernel
def inner_region(pixels: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Top, left, height and width of what uniform borders leave of uint8[height, width, channels].

    A row or column belongs to the border while at most 1 in 64 of its pixels differs from the
    corner it starts in, and so do those behind it up to the sharpest step, where JPEG has smeared
    the edge. A picture that is border all over is returned whole.
    """
    height, width, _ = pixels.shape
    top = _border(pixels)
    if top == height:
        return 0, 0, height, width
    bottom = height - _border(pixels[::-1])
    columns = pixels[top:bottom].transpose(1, 0, 2)
    left = _border(columns)
    if left == width:
        return 0, 0, height, width
    right = width - _border(columns[::-1])
    rows = pixels[:, left:right]
    low, high = top + _smeared(rows, top), bottom - _smeared(rows[::-1], height - bottom)
    near, far = left + _smeared(columns, left), right - _smeared(columns[::-1], width - right)
    return low, near, high - low, far - near


@kernel
def _border(lines: NDArray[np.uint8]) -> int:
    """How many of uint8[lines, length, channels] are uniform before the first that is not."""
    count = 0
    while count < lines.shape[0] and _is_uniform(lines[count], lines[0, 0]):
        count += 1
    return count


@kernel
def _smeared(lines: NDArray[np.uint8], border: int) -> int:
    """How many lines behind the `border` belong to it: those before the largest step away from it.

    At most SMEARED_PX and a quarter of what is within.
    """
    if border == 0:
        return 0
    before = _distance(lines[border - 1], lines[0, 0])
    largest = np.int64(-1)
    found = 0
    for more in range(min(SMEARED_PX, (lines.shape[0] - border) // 4) + 1):
        here = _distance(lines[border + more], lines[0, 0])
        if here - before > largest:
            largest, found = here - before, more
        before = here
    return found


@kernel
def _distance(line: NDArray[np.uint8], colour: NDArray[np.uint8]) -> np.int64:
    """How far `line` uint8[length, channels] lies from `colour`, over all pixels and channels."""
    total = np.int64(0)
    for x in range(line.shape[0]):
        for channel in range(line.shape[1]):
            total += abs(np.int64(line[x, channel]) - np.int64(colour[channel]))
    return total


@kernel
def _is_uniform(line: NDArray[np.uint8], colour: NDArray[np.uint8]) -> bool:
    """Whether `line` uint8[length, channels] is `colour` but for 1 pixel in 64."""
    allowed = line.shape[0] // 64
    for x in range(line.shape[0]):
        for channel in range(line.shape[1]):
            if abs(np.int64(line[x, channel]) - np.int64(colour[channel])) > TOLERANCE:
                allowed -= 1
                break
        if allowed < 0:
            return False
    return True
