"""Where the uniform borders of a picture end: letterboxes, pillarboxes, frames of one colour."""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import kernel

TOLERANCE = 12
"""How far a channel may lie from the border's colour: what JPEG does to flat areas, and a bit."""


SMEARED_PX = 16
"""JPEG smears the edge of a border over the block that holds it, colours over two."""

WRITTEN_PX = 2 * SMEARED_PX
"""So far the smears of an edge and of the words near it can reach together."""


@kernel
def inner_region(pixels: NDArray[np.uint8], written: bool) -> tuple[int, int, int, int]:
    """Top, left, height and width of what uniform borders leave of uint8[height, width, channels].

    A row or column belongs to the border while at most 1 in 64 of its pixels differs from the
    corner it starts in, and so do those behind it up to the sharpest step, where JPEG has smeared
    the edge. Of borders that may be `written` upon, as those of a screenshot or under a headline,
    three quarters of the pixels may differ in rows between uniform ones, for up to a quarter of the
    height: words take less, pictures more. A picture that is border all over is returned whole.
    """
    height, width, _ = pixels.shape
    top = _border(pixels, written)
    if top == height:
        return 0, 0, height, width
    bottom = height - _border(pixels[top:][::-1], written)
    if top == bottom:
        return 0, 0, height, width
    columns = pixels[top:bottom].transpose(1, 0, 2)
    left = _border(columns, written)
    if left == width:
        return 0, 0, height, width
    right = width - _border(columns[left:][::-1], written)
    if left == right:
        return 0, 0, height, width
    rows = pixels[:, left:right]
    reach = WRITTEN_PX if written else SMEARED_PX
    low = top + _smeared(rows, top, reach)
    high = bottom - _smeared(rows[::-1], height - bottom, reach)
    near = left + _smeared(columns, left, reach)
    far = right - _smeared(columns[::-1], width - right, reach)
    return low, near, high - low, far - near


@kernel
def _border(lines: NDArray[np.uint8], written: bool) -> int:
    """How many of uint8[lines, length, channels] the border takes, up to a line that is uniform."""
    length = lines.shape[1]
    most = length * 3 // 4 if written else length // 64
    border = 0
    for number in range(lines.shape[0]):
        odd = _odd_pixels(lines[number], lines[0, 0], most)
        if odd <= length // 64:
            border = number + 1
        elif odd > most or border == 0 or number - border >= lines.shape[0] // 4:
            break
    return border


@kernel
def _smeared(lines: NDArray[np.uint8], border: int, reach: int) -> int:
    """How many lines behind the `border` belong to it: those before the largest step away from it.

    At most `reach` and a quarter of what is within.
    """
    if border == 0:
        return 0
    before = _distance(lines[border - 1], lines[0, 0])
    largest = np.int64(-1)
    found = 0
    for more in range(min(reach, (lines.shape[0] - border) // 4) + 1):
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
def _odd_pixels(line: NDArray[np.uint8], colour: NDArray[np.uint8], most: int) -> int:
    """How many pixels of uint8[length, channels] are not of a colour; above `most`, just more."""
    odd = 0
    for x in range(line.shape[0]):
        for channel in range(line.shape[1]):
            if abs(np.int64(line[x, channel]) - np.int64(colour[channel])) > TOLERANCE:
                odd += 1
                break
        if odd > most:
            break
    return odd
