"""The eight turns of a picture's hash are the reference's, and those of the turned picture."""

import numpy as np
import pdqhash
import pytest

from amparo.kernels.pdq import Turn, dihedral, pdq
from tests.kernels import photographs

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


@pytest.mark.parametrize("turn", list(Turn))
def test_each_is_near_the_hash_of_the_turned_picture(turn: Turn) -> None:
    pixels = np.asarray(photographs.opened(photographs.paths()[0]).resize((512, 512)))
    turned = pdq(np.ascontiguousarray(TURNED[turn](pixels)))
    predicted = dihedral(pdq(pixels).coefficients)[turn]
    assert int(np.bitwise_count(predicted ^ turned.value).sum()) <= 16
