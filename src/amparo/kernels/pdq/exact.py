"""PDQ's 64×64 samples with the reference's roundings, a few rows in memory at a time.

The reference writes four whole float32 pictures: box along rows, box along columns, twice. Here
each row runs through all four stages as soon as the rows it needs have passed, in the same order
of float32 operations, so the samples are the same to the last bit in a fraction of the memory.
"""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import kernel

LANES = 8  # rows that go through a box side by side: each alone is a chain of waiting additions


@kernel
def exact_samples(
    pixels: NDArray[np.uint8],
    windows: tuple[int, int],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> NDArray[np.float32]:
    """The reference's samples of `pixels` uint8[height, width, 3 or 1], float32[64, 64].

    `windows` are the box widths along rows and along columns in pixels, `rows` and `columns`
    int64[64] the positions that decimation keeps.
    """
    height, width, _ = pixels.shape
    across, down = windows
    delay = (down + 2) // 2 - 1
    arriving = np.zeros((LANES, width), np.float32)
    waiting = np.zeros((LANES, width), np.float32)
    boxed = np.zeros((LANES, width), np.float32)
    boxed_again = np.zeros((LANES, width), np.float32)
    sums = np.zeros(width, np.float32)
    ring = np.zeros((down, width), np.float32)
    narrow_sums = np.zeros(64, np.float32)
    narrow_ring = np.zeros((down, 64), np.float32)
    narrow = np.zeros((height, 64), np.float32)
    filled = 0
    finished = 0
    for number in range(height + delay):
        if number < height:
            k = number % LANES
            if k == 0:
                _luminance(pixels, number, arriving)
                _box_rows(arriving, across, boxed)
            emitted = _add_row(boxed[k], number, down, sums, ring, waiting[filled])
        else:
            gone = number - down
            _drop_row(gone, height - 1 - gone, down, sums, ring, waiting[filled])
            emitted = True
        if emitted:
            filled += 1
            if filled == LANES or finished + filled == height:
                _box_rows(waiting, across, boxed_again)
                _finish(
                    boxed_again, filled, finished, down, columns, narrow_sums, narrow_ring, narrow
                )
                finished += filled
                filled = 0
    for number in range(height, height + delay):
        gone = number - down
        left = height - 1 - gone
        _drop_row(gone, left, down, narrow_sums, narrow_ring, narrow[number - delay])
    out = np.empty((64, 64), np.float32)
    for i in range(64):
        out[i] = narrow[rows[i]]
    return out


@kernel
def exact_luminance(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Luminance of a picture that is 64×64 already, which PDQ takes as it is, float32[64, 64]."""
    out = np.empty(pixels.shape[:2], np.float32)
    for y in range(0, pixels.shape[0], LANES):
        _luminance(pixels, y, out[y : y + LANES])
    return out


@kernel
def _luminance(pixels: NDArray[np.uint8], first_row: int, out: NDArray[np.float32]) -> None:
    """Luminance of the next LANES rows, summed in float64 and rounded once, as the reference."""
    for k in range(min(LANES, pixels.shape[0] - first_row)):
        row = pixels[first_row + k].ravel()
        grey = out[k]
        if pixels.shape[2] == 3:
            for x in range(grey.shape[0]):
                luminance = row[3 * x] * 0.299 + row[3 * x + 1] * 0.587
                grey[x] = np.float32(luminance + row[3 * x + 2] * 0.114)
        else:
            for x in range(grey.shape[0]):
                grey[x] = np.float32((row[x] * 0.299 + row[x] * 0.587) + row[x] * 0.114)


@kernel
def _box_rows(rows: NDArray[np.float32], window: int, out: NDArray[np.float32]) -> None:
    """Box filter along rows; `rows` and `out` are float32[LANES, width]."""
    width = rows.shape[1]
    half = (window + 2) // 2
    full_from = window - half + 1
    full_until = width - half + 1
    sums = np.zeros(LANES, np.float32)
    for k in range(LANES):
        for x in range(half - 1):
            sums[k] += rows[k, x]
        for x in range(full_from):
            sums[k] += rows[k, x + half - 1]
            out[k, x] = sums[k] / np.float32(x + half)
    _slide(rows, full_from + half - 1, window, sums, out[:, full_from:full_until])
    size = np.float32(window)
    for k in range(LANES):
        full = out[k, full_from:full_until]
        for x in range(full.shape[0]):
            full[x] = full[x] / size
        for x in range(full_until, width):
            left = x + half - 1 - window
            sums[k] -= rows[k, left]
            out[k, x] = sums[k] / np.float32(width - 1 - left)


@kernel
def _slide(
    rows: NDArray[np.float32],
    right: int,
    window: int,
    sums: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Slide a full box from pixel `right` on; `out` gets its sums, `sums` float32[LANES] the last.

    Written out lane by lane: eight sums in registers run 3 times as fast as an array of them.
    """
    a, b, c, d = sums[0], sums[1], sums[2], sums[3]
    e, f, g, h = sums[4], sums[5], sums[6], sums[7]
    row_a, row_b, row_c, row_d = rows[0], rows[1], rows[2], rows[3]
    row_e, row_f, row_g, row_h = rows[4], rows[5], rows[6], rows[7]
    out_a, out_b, out_c, out_d = out[0], out[1], out[2], out[3]
    out_e, out_f, out_g, out_h = out[4], out[5], out[6], out[7]
    for x in range(out.shape[1]):
        new = right + x
        old = new - window
        a = (a + row_a[new]) - row_a[old]
        b = (b + row_b[new]) - row_b[old]
        c = (c + row_c[new]) - row_c[old]
        d = (d + row_d[new]) - row_d[old]
        e = (e + row_e[new]) - row_e[old]
        f = (f + row_f[new]) - row_f[old]
        g = (g + row_g[new]) - row_g[old]
        h = (h + row_h[new]) - row_h[old]
        out_a[x], out_b[x], out_c[x], out_d[x] = a, b, c, d
        out_e[x], out_f[x], out_g[x], out_h[x] = e, f, g, h
    sums[0], sums[1], sums[2], sums[3] = a, b, c, d
    sums[4], sums[5], sums[6], sums[7] = e, f, g, h


@kernel
def _add_row(
    row: NDArray[np.float32],
    number: int,
    window: int,
    sums: NDArray[np.float32],
    ring: NDArray[np.float32],
    out: NDArray[np.float32],
) -> bool:
    """Feed row `number` to the box along columns; true where that completed a row in `out`."""
    old = ring[number % window]
    size = np.float32(min(number + 1, window))
    full = number >= window
    for x in range(row.shape[0]):
        s = sums[x] + row[x]
        if full:
            s = s - old[x]
        sums[x] = s
        old[x] = row[x]
        out[x] = s / size
    return number >= (window + 2) // 2 - 1


@kernel
def _drop_row(
    number: int,
    left: int,
    window: int,
    sums: NDArray[np.float32],
    ring: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """After the last row: take row `number` out of the box, in which `left` rows remain."""
    old = ring[number % window]
    size = np.float32(left)
    for x in range(out.shape[0]):
        s = sums[x] - old[x]
        sums[x] = s
        out[x] = s / size


@kernel
def _finish(
    rows: NDArray[np.float32],
    filled: int,
    first_row: int,
    window: int,
    columns: NDArray[np.int64],
    sums: NDArray[np.float32],
    ring: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """The last box, along columns, over the first `filled` rows; `out` float32[height, 64].

    Only the sampled columns go on: nobody reads what the others would hold.
    """
    sampled = np.empty(64, np.float32)
    complete = np.empty(64, np.float32)
    for k in range(filled):
        for j in range(64):
            sampled[j] = rows[k, columns[j]]
        number = first_row + k
        if _add_row(sampled, number, window, sums, ring, complete):
            out[number - (window + 2) // 2 + 1] = complete
