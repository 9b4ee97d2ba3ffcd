"""An invented hash type: the mean brightness of 8 × 8 tiles, and the sum of its differences."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amparo.detect.hashing.hash_type import Hashed, PixelHashType

_TILES = 8


class Tiles(PixelHashType):
    """64 bytes a picture. The measure's largest distance is 64 × 255."""

    name = "tiles"
    width_bytes = _TILES * _TILES
    radius = 300

    def hash_pixels(self, pixels: NDArray[np.uint8]) -> Hashed | None:
        """None for what is smaller than its tiles."""
        if min(pixels.shape[:2]) < _TILES:
            return None
        grey = Image.fromarray(pixels).convert("L")
        small = grey.resize((_TILES, _TILES), Image.Resampling.BOX)
        return Hashed(small.tobytes(), 100 if np.asarray(small).std() > 2 else 0)

    def distances(self, query: NDArray[np.uint8], known: NDArray[np.uint8]) -> NDArray[np.integer]:
        """The sum of absolute differences."""
        return np.abs(known.astype(np.int32) - query.astype(np.int32)).sum(axis=1)


HASH_TYPE = Tiles()
