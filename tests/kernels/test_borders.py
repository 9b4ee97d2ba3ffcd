"""Uniform borders are found on every side, and pictures without them are left alone."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from amparo.kernels.borders import inner_region


def busy(height: int, width: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@settings(max_examples=60, deadline=None)
@given(
    top=st.integers(0, 40), left=st.integers(0, 40), bottom=st.integers(0, 40),
    right=st.integers(0, 40), colour=st.integers(0, 255), noise=st.integers(0, 5),
)  # fmt: skip
def test_what_is_inside_is_found(
    top: int, left: int, bottom: int, right: int, colour: int, noise: int
) -> None:
    inner = busy(90, 120)
    framed = np.full((90 + top + bottom, 120 + left + right, 3), colour, np.int64)
    framed += np.random.default_rng(1).integers(-noise, noise + 1, framed.shape)
    framed = np.clip(framed, 0, 255).astype(np.uint8)
    framed[top : top + 90, left : left + 120] = inner
    assert inner_region(framed) == (top, left, 90, 120)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 50, 3), (50, 1, 1), (60, 80, 1)])
def test_a_picture_of_one_colour_is_left_whole(shape: tuple[int, int, int]) -> None:
    assert inner_region(np.full(shape, 9, np.uint8)) == (0, 0, shape[0], shape[1])


def counted(pixels: np.ndarray) -> tuple[int, int, int, int]:
    """The same by plain counting, border by border."""

    def strict(lines: np.ndarray) -> int:
        odd = (np.abs(lines.astype(int) - lines[0, 0].astype(int)) > 12).any(axis=2).sum(axis=1)
        uniform = odd <= lines.shape[1] // 64
        return len(lines) if uniform.all() else int(np.argmin(uniform))

    def with_smear(lines: np.ndarray, border: int) -> int:
        if border == 0:
            return 0
        distances = np.abs(lines.astype(int) - lines[0, 0].astype(int)).sum(axis=(1, 2))
        reach = min(16, (len(lines) - border) // 4)
        steps = np.diff(distances[border - 1 : border + reach + 1])
        return border + int(steps.argmax())

    height, width, _ = pixels.shape
    top, bottom = strict(pixels), strict(pixels[::-1])
    columns = pixels[top : height - bottom].transpose(1, 0, 2)
    if top == height or strict(columns) == width:
        return 0, 0, height, width
    left, right = strict(columns), strict(columns[::-1])
    rows = pixels[:, left : width - right]
    top, bottom = with_smear(rows, top), with_smear(rows[::-1], bottom)
    left, right = with_smear(columns, left), with_smear(columns[::-1], right)
    return top, left, height - top - bottom, width - left - right


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), apart=st.sampled_from([11, 12, 13]))
def test_borders_are_those_that_plain_counting_finds(seed: int, apart: int) -> None:
    chance = np.random.default_rng(seed)
    pixels = np.full((130, 140, 3), 100, np.uint8)
    pixels[20:100, 30:110] = busy(80, 80, seed)
    for _ in range(int(chance.integers(0, 400))):
        pixels[chance.integers(1, 129), chance.integers(1, 139)] = 100 + apart
    assert inner_region(pixels) == counted(pixels)


@pytest.mark.parametrize("quality", [40, 75, 95])
@pytest.mark.parametrize("colour", ["black", "white", "blue", "red", "grey"])
def test_a_frame_ends_where_it_did_before_jpeg(quality: int, colour: str) -> None:
    """Blocks of 8 and 16 pixels mix the frame's last pixels with the picture's first."""
    picture = Image.fromarray(np.asarray(data.astronaut()))
    for margin in range(20, 37):
        framed = Image.new("RGB", (picture.width + 2 * margin, picture.height + 40), colour)
        framed.paste(picture, (margin, 20))
        file = io.BytesIO()
        framed.save(file, "JPEG", quality=quality)
        pixels = np.asarray(Image.open(file)).copy()
        top, left, height, width = inner_region(pixels)
        strip_px = max(abs(left - margin), abs(left + width - margin - picture.width),
                       abs(top - 20), abs(top + height - 20 - picture.height))  # fmt: skip
        assert strip_px <= 1
