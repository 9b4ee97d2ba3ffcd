"""An invented hash type that ends badly, by a picture's height: it crashes, hangs or swells."""

import os

import numpy as np
from numpy.typing import NDArray

from amparo.detect.hashing.hash_type import Hashed, PixelHashType

CRASHES, HANGS, SWELLS = 201, 202, 203


class Wild(PixelHashType):
    """One byte a picture."""

    name = "wild"
    width_bytes = 1
    radius = 0

    def hash_pixels(self, pixels: NDArray[np.uint8]) -> Hashed | None:
        """The first byte; or no answer at all."""
        height = len(pixels)
        if height == CRASHES:
            os.abort()
        while height == HANGS:
            pass
        taken = []
        while height == SWELLS:
            taken.append(bytearray(16 * 1024 * 1024))
        return Hashed(pixels.tobytes()[:1])

    def distances(self, query: NDArray[np.uint8], known: NDArray[np.uint8]) -> NDArray[np.integer]:
        """The difference."""
        return np.abs(known.astype(np.int32) - query.astype(np.int32)).sum(axis=1)


HASH_TYPE = Wild()
