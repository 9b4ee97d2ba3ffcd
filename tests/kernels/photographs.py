"""Every photograph and drawing that the test extras bring, as RGB arrays."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

_FOLDERS = (("skimage", "data"), ("sklearn", "datasets/images"))


def paths() -> list[Path]:
    """The PNG and JPEG files that scikit-image and scikit-learn ship."""
    found: list[Path] = []
    for package, folder in _FOLDERS:
        spec = find_spec(package)
        assert spec is not None
        assert spec.submodule_search_locations
        place = Path(spec.submodule_search_locations[0]) / folder
        found += [*place.glob("*.png"), *place.glob("*.jpg")]
    assert len(found) > 20, "the packages no longer ship their photographs"
    return sorted(found)


@lru_cache(maxsize=8)
def opened(path: Path) -> Image.Image:
    """The picture as RGB."""
    with Image.open(path) as image:
        return image.convert("RGB")


def reference(pixels: NDArray[np.uint8]) -> tuple[str, int]:
    """Hash, in hexadecimal digits, and quality by Meta's own code."""
    rgb = np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))
    bits, quality = pdqhash.compute(rgb)
    return np.packbits(bits).tobytes().hex(), quality
