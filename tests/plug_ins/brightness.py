"""An invented scorer: how bright a picture is, and how colourful."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from amparo.detect.scoring.scorer import PixelScorer


class Brightness(PixelScorer):
    """Two labels, of pictures of 32 × 32."""

    name = "brightness"
    labels = ("bright", "colourful")
    side = 32

    def score_pixels(self, pixels: NDArray[np.uint8]) -> Mapping[str, NDArray[np.floating]]:
        """Means over each picture."""
        spread = pixels.max(axis=3).astype(float) - pixels.min(axis=3)
        return {
            "bright": pixels.mean(axis=(1, 2, 3)) / 255,
            "colourful": spread.mean(axis=(1, 2)) / 255,
        }


SCORER = Brightness()
