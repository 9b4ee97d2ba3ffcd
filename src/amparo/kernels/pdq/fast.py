"""PDQ's 64×64 samples in one look at the pixels."""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import relaxed_kernel


@relaxed_kernel
def banded_samples(
    pixels: NDArray[np.uint8],
    top: int,
    left: int,
    channel_weights: NDArray[np.float32],
    row_starts: NDArray[np.int32],
    row_offsets: NDArray[np.int32],
    row_weights: NDArray[np.float32],
    column_starts: NDArray[np.int32],
    column_offsets: NDArray[np.int32],
    column_weights: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Weighted sums of `pixels` uint8[height, width, channels], float32[64, 64].

    `top` and `left` say where the hashed region begins; rows and columns of the bands count from
    there. `channel_weights` float32[channels] turn a pixel into luminance.
    """
    channels = pixels.shape[2]
    stride = pixels.shape[1] * channels
    flat = pixels.ravel()
    width = 0
    for j in range(64):
        width = max(width, column_starts[j] + column_offsets[j + 1] - column_offsets[j])
    length = width * channels
    sums = np.empty(length, np.float32)
    out = np.zeros((64, 64), np.float32)
    for i in range(64):
        first = row_offsets[i]
        last = row_offsets[i + 1]
        begin = (top + row_starts[i]) * stride + left * channels
        sums[:] = np.float32(0)
        r = first
        while r + 4 <= last:
            a = flat[begin : begin + length]
            b = flat[begin + stride : begin + stride + length]
            c = flat[begin + 2 * stride : begin + 2 * stride + length]
            d = flat[begin + 3 * stride : begin + 3 * stride + length]
            wa = row_weights[r]
            wb = row_weights[r + 1]
            wc = row_weights[r + 2]
            wd = row_weights[r + 3]
            for x in range(length):
                sums[x] += (
                    wa * np.float32(a[x])
                    + wb * np.float32(b[x])
                    + wc * np.float32(c[x])
                    + wd * np.float32(d[x])
                )
            begin += 4 * stride
            r += 4
        while r < last:
            a = flat[begin : begin + length]
            wa = row_weights[r]
            for x in range(length):
                sums[x] += wa * np.float32(a[x])
            begin += stride
            r += 1
        for j in range(64):
            x = column_starts[j] * channels
            total = np.float32(0)
            for k in range(column_offsets[j], column_offsets[j + 1]):
                luminance = np.float32(0)
                for channel in range(channels):
                    luminance += channel_weights[channel] * sums[x]
                    x += 1
                total += column_weights[k] * luminance
            out[i, j] = total
    return out
