"""From 64×64 samples to PDQ's coefficients, bits and quality."""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import kernel

COEFFICIENTS = 16


def _dct_matrix() -> NDArray[np.float32]:
    """Rows 1 to 16 of the 64-point DCT-II, float32[16, 64], rounded as the reference rounds it."""
    row = np.arange(1, COEFFICIENTS + 1)[:, None].astype(np.float64)
    column = np.arange(64)[None, :].astype(np.float64)
    scale = np.float64(np.float32(np.sqrt(2.0 / 64.0)))
    return (scale * np.cos((np.pi / 2.0 / 64.0) * row * (2.0 * column + 1.0))).astype(np.float32)


DCT = _dct_matrix()
DCT.flags.writeable = False


@kernel
def coefficients(samples: NDArray[np.float32], dct: NDArray[np.float32]) -> NDArray[np.float32]:
    """The 16×16 low frequencies of float32[64, 64] samples, without the constant row and column.

    Sums run in the reference's order, one term after the other in float32, so that the result is
    its result to the last bit.
    """
    half = np.zeros((16, 64), np.float32)
    for i in range(16):
        for k in range(64):
            factor = dct[i, k]
            for j in range(64):
                half[i, j] += factor * samples[k, j]
    out = np.zeros((16, 16), np.float32)
    transposed = np.ascontiguousarray(dct.T)
    for i in range(16):
        for k in range(64):
            factor = half[i, k]
            for j in range(16):
                out[i, j] += factor * transposed[k, j]
    return out


@kernel
def bits(coefficients: NDArray[np.float32]) -> tuple[NDArray[np.uint8], float]:
    """PDQ's 256 bits as uint8[32], most significant first, and the margin they were decided by.

    Bit k is set where coefficient k lies above the lower median. The margin is the distance of the
    nearest other coefficient from that median: rounding by less than it changes no bit.
    """
    flat = coefficients.ravel()
    ordered = np.sort(flat)
    median = ordered[127]
    out = np.zeros(32, np.uint8)
    for k in range(256):
        if flat[k] > median:
            out[31 - (k >> 3)] |= np.uint8(1 << (k & 7))
    margin = min(median - ordered[126], ordered[128] - median)
    return out, margin


@kernel
def quality(samples: NDArray[np.float32], slack: float) -> tuple[int, bool]:
    """PDQ's quality of float32[64, 64] samples, 0 to 100, and whether it is beyond doubt.

    Quality adds up gradients that are cut to whole steps first. It is beyond doubt where moving
    every gradient by `slack` steps up or down still gives the same number.
    """
    total = 0
    least = 0
    most = 0
    for i in range(64):
        for j in range(64):
            here = samples[i, j]
            if i < 63:
                step = abs(((here - samples[i + 1, j]) * np.float32(100)) / np.float32(255))
                total += int(step)
                least += int(max(step - slack, 0.0))
                most += int(step + slack)
            if j < 63:
                step = abs(((here - samples[i, j + 1]) * np.float32(100)) / np.float32(255))
                total += int(step)
                least += int(max(step - slack, 0.0))
                most += int(step + slack)
    certain = min(least // 90, 100) == min(most // 90, 100)
    return min(total // 90, 100), certain
