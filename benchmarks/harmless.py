"""Every photograph that the extras for tests and benchmarks bring in wheels: all are harmless."""

from collections.abc import Iterator
from pathlib import Path

import matplotlib
import numpy as np
import skimage
import sklearn
from PIL import Image

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif"})
_DRAWN = frozenset(
    {"chessboard_GRAY", "chessboard_RGB", "color", "horse", "logo", "phantom", "logo2",
     "Minduka_Present_Blue_Pack"}
)  # fmt: skip
"""Pictures of theirs that nobody has photographed."""

_SMALL = "lfw_subset.npy"


def photographs() -> dict[str, list[Image.Image]]:
    """By name their frames, of which most have one."""
    folders = (
        Path(skimage.__file__).parent / "data",
        Path(sklearn.__file__).parent / "datasets",
        Path(matplotlib.get_data_path()) / "sample_data",
    )
    files = sorted(
        each
        for folder in folders
        for each in folder.rglob("*")
        if each.suffix.lower() in _SUFFIXES and each.stem not in _DRAWN
    )
    return {each.stem: list(_frames(each)) for each in files}


def small_photographs() -> list[Image.Image]:
    """200 grey photographs of 25 × 25, half of them faces and half of them parts of others."""
    grey = np.load(Path(skimage.__file__).parent / "data" / _SMALL)
    return [Image.fromarray((each * 255).astype(np.uint8)).convert("RGB") for each in grey]


def _frames(file: Path) -> Iterator[Image.Image]:
    with Image.open(file) as opened:
        for number in range(getattr(opened, "n_frames", 1)):
            opened.seek(number)
            yield opened.convert("RGB")
