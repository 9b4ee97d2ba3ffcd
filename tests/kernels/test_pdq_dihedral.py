"""The eight turns of a hash: the reference's by coefficients, the turned picture's by pixels."""

import numpy as np
import pdqhash
import pytest

from amparo.core.errors import Invalid
from amparo.kernels.pdq import (
    Region,
    Turn,
    dihedral,
    oriented,
    pdq,
    pdq_scaled,
    turned,
    turned_scaled,
    undecided_bits,
)
from tests.kernels import photographs

MOST_ROUNDED = 2
"""Bits at the median that rounding may decide otherwise; a median that moves flips two."""

TURNED = {
    Turn.ORIGINAL: lambda a: a,
    Turn.ROTATE_90: lambda a: np.rot90(a, 1),
    Turn.ROTATE_180: lambda a: np.rot90(a, 2),
    Turn.ROTATE_270: lambda a: np.rot90(a, 3),
    Turn.FLIP_X: lambda a: a[::-1],
    Turn.FLIP_Y: lambda a: a[:, ::-1],
    Turn.FLIP_PLUS: lambda a: a.transpose(1, 0, 2),
    Turn.FLIP_MINUS: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
}


def test_the_eight_are_those_of_the_reference() -> None:
    for path in photographs.paths()[:8]:
        pixels = np.asarray(photographs.opened(path).resize((501, 377)))
        theirs, _ = pdqhash.compute_dihedral(pixels)
        ours = dihedral(pdq(pixels, exact=True).coefficients)
        for value, (turn, mine) in zip(theirs, ours.items(), strict=True):
            assert np.array_equal(np.packbits(value), mine), turn


@pytest.mark.parametrize("size", [(512, 512), (451, 300), (640, 427), (600, 401), (65, 5)])
def test_turned_hashes_are_those_of_the_turned_picture(size: tuple[int, int]) -> None:
    seen = 0
    for path in photographs.paths()[:12]:
        pixels = np.asarray(photographs.opened(path).resize(size))
        found = pdq(pixels)
        if undecided_bits(found.coefficients, within=0.05) > MOST_ROUNDED:
            continue
        seen += 1
        for turn, value in turned(found, pixels).items():
            shown = pdq(np.ascontiguousarray(TURNED[turn](pixels)))
            assert differing_bits(value, shown.value) <= MOST_ROUNDED, (path.name, turn)
    assert seen > 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_stored_part_is_turned_as_it_is_shown(orientation: int) -> None:
    stored = np.asarray(photographs.opened(photographs.paths()[0]))
    region = Region(31, 17, 300, 402)
    part = oriented(stored[31:331, 17:419], orientation)
    found = pdq(stored, region=region, orientation=orientation)
    for turn, value in turned(found, stored, region=region, orientation=orientation).items():
        shown = pdq(np.ascontiguousarray(TURNED[turn](part)))
        assert differing_bits(value, shown.value) <= MOST_ROUNDED, turn


@pytest.mark.parametrize("orientation", [1, 6])
def test_blocks_are_turned_as_the_picture_they_are_of(orientation: int) -> None:
    photograph = photographs.opened(photographs.paths()[0]).resize((1203, 905)).convert("L")
    full = np.asarray(photograph)[:, :, None]
    padded = np.pad(full[:, :, 0], ((0, 3), (0, 1)), "edge")
    grey = np.rint(padded.reshape(227, 4, 301, 4).mean((1, 3))).astype(np.uint8)
    what = {"height": 905, "width": 1203, "block_px": 4, "orientation": orientation}
    found = pdq_scaled(grey, **what)
    for turn, value in turned_scaled(found, grey, **what).items():
        shown = pdq(np.ascontiguousarray(TURNED[turn](oriented(full, orientation))))
        assert differing_bits(value, shown.value) <= 4, turn


def test_a_picture_too_small_to_hash_has_eight_zero_hashes() -> None:
    pixels = np.full((4, 900, 3), 77, np.uint8)
    assert not any(value.any() for value in turned(pdq(pixels), pixels).values())


def test_what_does_not_fit_the_picture_is_refused() -> None:
    pixels = np.zeros((9, 9, 3), np.uint8)
    found = pdq(pixels)
    with pytest.raises(Invalid, match="inside"):
        turned(found, pixels, region=Region(0, 0, 9, 10))
    with pytest.raises(Invalid, match="blocks of 4"):
        turned_scaled(found, np.zeros((9, 9), np.uint8), height=9, width=9, block_px=4)


def differing_bits(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.bitwise_count(one ^ other).sum())
