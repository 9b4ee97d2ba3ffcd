"""Uniform borders are found on every side, and pictures without them are left alone."""

import io

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont, ImageOps
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
    assert inner_region(framed, False) == (top, left, 90, 120)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 50, 3), (50, 1, 1), (60, 80, 1)])
def test_a_picture_of_one_colour_is_left_whole(shape: tuple[int, int, int]) -> None:
    assert inner_region(np.full(shape, 9, np.uint8), False) == (0, 0, shape[0], shape[1])


@pytest.mark.parametrize("written", [False, True])
def test_a_picture_of_two_colours_is_left_whole(written: bool) -> None:
    halves = np.zeros((60, 80, 3), np.uint8)
    halves[25:] = 200
    assert inner_region(halves, written) == (0, 0, 60, 80)
    assert inner_region(np.ascontiguousarray(halves.transpose(1, 0, 2)), written) == (0, 0, 80, 60)


@settings(max_examples=60, deadline=None)
@given(
    top=st.integers(30, 90), bottom=st.integers(30, 90), colour=st.sampled_from(["black", "white"]),
    words=st.text("abeilmoprst ", min_size=1, max_size=24), seed=st.integers(0, 99),
    quality=st.sampled_from([40, 60, 90, None]),
)  # fmt: skip
@example(top=30, bottom=52, colour="black", words="aaaaaaaaaaaaaaa a", seed=0, quality=40)
def test_bars_that_are_written_upon_are_cut_off(
    top: int, bottom: int, colour: str, words: str, seed: int, quality: int | None
) -> None:
    picture = Image.fromarray(np.kron(busy(16, 30, seed), np.ones((8, 8, 1), np.uint8)))
    shown = ImageOps.expand(picture, (0, top, 0, bottom), colour)
    for middle in (top / 2, shown.height - bottom / 2):
        ImageDraw.Draw(shown).text(
            (120, middle), words, "grey", ImageFont.load_default(size=14), "mm"
        )
    pixels = np.asarray(shown)
    found = inner_region(pixels if quality is None else as_jpeg(pixels, quality), True)
    if quality is None:
        assert found == (top, 0, 128, 240)
    assert abs(found[0] - top) <= 1
    assert abs(found[0] + found[2] - top - 128) <= 1


def test_words_in_a_picture_are_no_bar() -> None:
    pixels = busy(120, 160)
    pixels[10:40, 20:140] = 255
    assert inner_region(pixels, True) == (0, 0, 120, 160)


def test_a_picture_between_margins_is_no_bar() -> None:
    """Its rows differ in less than three quarters of the width, but are too many for words."""
    pixels = np.full((200, 240, 3), 255, np.uint8)
    pixels[10:20, 5:150] = busy(10, 145)
    pixels[60:160, 40:200] = busy(100, 160)
    assert inner_region(pixels, False) == (10, 5, 150, 195)
    assert inner_region(pixels, True) == (60, 40, 100, 160)


def as_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality)
    return np.asarray(Image.open(out))


def counted(pixels: np.ndarray, written: bool) -> tuple[int, int, int, int]:
    """The same by plain counting, border by border."""

    def strict(lines: np.ndarray) -> int:
        odd = (np.abs(lines.astype(int) - lines[0, 0].astype(int)) > 12).any(axis=2).sum(axis=1)
        uniform = odd <= lines.shape[1] // 64
        if not written:
            return len(lines) if uniform.all() else int(np.argmin(uniform))
        some = odd <= lines.shape[1] * 3 // 4
        some[0] = uniform[0]
        reach = len(lines) if some.all() else int(np.argmin(some))
        border = 0
        for line in np.flatnonzero(uniform[:reach]):
            if line - border > len(lines) // 4:
                break
            border = int(line) + 1
        return border

    def with_smear(lines: np.ndarray, border: int) -> int:
        if border == 0:
            return 0
        distances = np.abs(lines.astype(int) - lines[0, 0].astype(int)).sum(axis=(1, 2))
        reach = min(32 if written else 16, (len(lines) - border) // 4)
        steps = np.diff(distances[border - 1 : border + reach + 1])
        return border + int(steps.argmax())

    height, width, _ = pixels.shape
    top = strict(pixels)
    bottom = strict(pixels[top:][::-1])
    columns = pixels[top : height - bottom].transpose(1, 0, 2)
    if top == height or strict(columns) == width:
        return 0, 0, height, width
    left = strict(columns)
    right = strict(columns[left:][::-1])
    rows = pixels[:, left : width - right]
    top, bottom = with_smear(rows, top), with_smear(rows[::-1], bottom)
    left, right = with_smear(columns, left), with_smear(columns[::-1], right)
    return top, left, height - top - bottom, width - left - right


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), apart=st.sampled_from([11, 12, 13]), written=st.booleans(),
)  # fmt: skip
def test_borders_are_those_that_plain_counting_finds(seed: int, apart: int, written: bool) -> None:
    chance = np.random.default_rng(seed)
    pixels = np.full((130, 140, 3), 100, np.uint8)
    pixels[20:100, 30:110] = busy(80, 80, seed)
    for _ in range(int(chance.integers(0, 400))):
        pixels[chance.integers(1, 129), chance.integers(1, 139)] = 100 + apart
    pixels[3:15, 2:70] = 100 + apart
    assert inner_region(pixels, written) == counted(pixels, written)


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
        top, left, height, width = inner_region(pixels, False)
        strip_px = max(abs(left - margin), abs(left + width - margin - picture.width),
                       abs(top - 20), abs(top + height - 20 - picture.height))  # fmt: skip
        assert strip_px <= 1
