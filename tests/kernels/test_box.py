"""The bands of a side are what two box filters and a decimation do to it."""

import numpy as np
import pytest

from amparo.kernels.pdq.box import bands, reach, sampled_positions, window_px


def boxed(side: np.ndarray) -> np.ndarray:
    """The plain definition: the mean of what the window around each pixel covers."""
    before, after = reach(window_px(len(side)))
    windows = [side[max(0, at - before) : at + after + 1] for at in range(len(side))]
    return np.array([each.mean() for each in windows])


@pytest.mark.parametrize("size", [5, 63, 64, 127, 128, 129, 500, 1000, 4001])
@pytest.mark.parametrize("flipped", [False, True])
def test_bands_do_what_the_filters_do(size: int, flipped: bool) -> None:
    side = np.random.default_rng(size).uniform(0, 255, size)
    expected = boxed(boxed(side[::-1] if flipped else side))[sampled_positions(size)]
    each = bands(size, flipped=flipped)
    for i in range(64):
        weights = each.weights[each.offsets[i] : each.offsets[i + 1]]
        counts = each.counts[each.offsets[i] : each.offsets[i + 1]]
        covered = side[each.starts[i] : each.starts[i] + len(weights)]
        assert covered @ weights == pytest.approx(expected[i], rel=1e-5)
        if each.units[i]:
            assert covered @ counts * each.units[i] == pytest.approx(expected[i], rel=1e-5)


@pytest.mark.parametrize("block", [2, 4, 8])
def test_folded_bands_weigh_blocks_as_their_pixels(block: int) -> None:
    size = 1001
    side = np.repeat(np.random.default_rng(block).uniform(0, 255, size // block + 1), block)[:size]
    whole, folded = bands(size), bands(size, block_px=block)
    blocks = side[::block]
    for i in range(64):
        full = whole.weights[whole.offsets[i] : whole.offsets[i + 1]]
        few = folded.weights[folded.offsets[i] : folded.offsets[i + 1]]
        expected = side[whole.starts[i] : whole.starts[i] + len(full)] @ full
        found = blocks[folded.starts[i] : folded.starts[i] + len(few)] @ few
        assert found == pytest.approx(expected, rel=1e-5)
