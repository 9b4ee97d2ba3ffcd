"""The hashes of a picture's mirror images and quarter turns, from the coefficients it already has.

Turning or mirroring a picture only transposes its 16×16 coefficients and flips the signs of some
of their rows or columns, so all eight cost eight medians.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.pdq.transform import bits


class Turn(StrEnum):
    """The eight symmetries of a rectangle, by PDQ's names for them."""

    ORIGINAL = "original"
    ROTATE_90 = "rotate90"
    ROTATE_180 = "rotate180"
    ROTATE_270 = "rotate270"
    FLIP_X = "flipx"
    FLIP_Y = "flipy"
    FLIP_PLUS = "flipplus1"
    FLIP_MINUS = "flipminus1"


_ODD_BASIS = np.where(np.arange(16) % 2 == 0, np.float32(-1), np.float32(1))
_DOWN = np.ascontiguousarray(np.broadcast_to(_ODD_BASIS[:, None], (16, 16)))
_ACROSS = np.ascontiguousarray(_DOWN.T)


def dihedral(coefficients: NDArray[np.float32]) -> dict[Turn, NDArray[np.uint8]]:
    """The eight hashes, each uint8[32], of a picture with these float32[16, 16] coefficients."""
    down, across, both = (
        coefficients * _DOWN,
        coefficients * _ACROSS,
        coefficients * _DOWN * _ACROSS,
    )
    turned = {
        Turn.ORIGINAL: coefficients,
        Turn.ROTATE_90: across.T,
        Turn.ROTATE_180: both,
        Turn.ROTATE_270: down.T,
        Turn.FLIP_X: down,
        Turn.FLIP_Y: across,
        Turn.FLIP_PLUS: coefficients.T,
        Turn.FLIP_MINUS: both.T,
    }
    return {turn: bits(np.ascontiguousarray(each))[0] for turn, each in turned.items()}
