"""Where the uniform borders of a picture end: letterboxes, pillarboxes, frames of one colour."""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import kernel

TOLERANCE = 12
"""How far a channel may lie from the border's colour: what JPEG does to flat areas, and a bit."""


@kernel
def inner_region(pixels: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Top, left, height and width of what uniform borders leave of uint8[height, width, channels].

    A row or column belongs to the border while at most 1 in 64 of its pixels differs from the
    corner it starts in. A picture that is border all over is returned whole.
    """
    height, width, _ = pixels.shape
    top = 0
    while top < height and _is_uniform(pixels[top], pixels[0, 0]):
        top += 1
    if top == height:
        return 0, 0, height, width
    bottom = height
    while _is_uniform(pixels[bottom - 1], pixels[height - 1, 0]):
        bottom -= 1
    left = 0
    while left < width and _is_uniform(pixels[top:bottom, left], pixels[top, 0]):
        left += 1
    if left == width:
        return 0, 0, height, width
    right = width
    while _is_uniform(pixels[top:bottom, right - 1], pixels[top, width - 1]):
        right -= 1
    return top, left, bottom - top, right - left


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
