"""Both kernels give the reference's hash and quality, bit for bit."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from amparo.core.errors import Invalid
from amparo.kernels.pdq import Region, oriented, pdq, pdq_scaled
from amparo.kernels.pdq.transform import quality
from tests.kernels import photographs

SIZES = ((64, 64), (63, 65), (128, 129), (333, 777), (1000, 37), (7, 900), (1632, 1224))


def assert_like_reference(pixels: np.ndarray, **options: object) -> None:
    value, quality = photographs.reference(pixels)
    for exact in (False, True):
        found = pdq(pixels, exact=exact, **options)
        if quality > 0:
            assert (found.hex, found.quality) == (value, quality), f"exact={exact}"
        else:
            assert found.quality == 0


@pytest.mark.parametrize("path", photographs.paths(), ids=lambda path: path.name)
def test_every_photograph_and_its_resizes(path: Path) -> None:
    image = photographs.opened(path)
    assert_like_reference(np.asarray(image))
    for size in SIZES:
        assert_like_reference(np.asarray(image.resize(size, Image.Resampling.LANCZOS)))


@pytest.mark.slow
@pytest.mark.parametrize("path", photographs.paths(), ids=lambda path: path.name)
def test_many_resizes_by_every_filter(path: Path) -> None:
    chance = np.random.default_rng(len(path.name))
    image = photographs.opened(path)
    for _ in range(60):
        width, height = (int(2 ** chance.uniform(3, 11.5)) for _ in range(2))
        by = Image.Resampling(int(chance.integers(0, 4)))
        assert_like_reference(np.asarray(image.resize((width, height), by)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["astronaut.png", "china.jpg", "page.png", "retina.jpg"])
@pytest.mark.parametrize("size", [(4000, 3000), (9000, 1000), (700, 8500)])
def test_large_pictures(name: str, size: tuple[int, int]) -> None:
    path = next(each for each in photographs.paths() if each.name == name)
    assert_like_reference(np.asarray(photographs.opened(path).resize(size)))


@st.composite
def pictures(draw: st.DrawFn) -> np.ndarray:
    """Noise, stripes, ramps and blocks of flat colour: where many coefficients are equal."""
    height, width = draw(st.integers(1, 300)), draw(st.integers(1, 300))
    channels = draw(st.sampled_from([1, 3]))
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["noise", "two", "stripes", "ramp", "blocks"]))
    if kind == "noise":
        return chance.integers(0, 256, (height, width, channels), dtype=np.uint8)
    if kind == "two":
        return chance.choice(np.array([0, 255], np.uint8), (height, width, channels))
    if kind == "stripes":
        row = chance.integers(0, 256, (1, width, channels), dtype=np.uint8)
        return np.ascontiguousarray(np.repeat(row, height, axis=0))
    if kind == "ramp":
        ramp = np.add.outer(np.arange(height) * 255 // height, np.arange(width)) % 256
        return np.repeat(ramp[:, :, None].astype(np.uint8), channels, axis=2)
    out = np.full((height, width, channels), draw(st.integers(0, 255)), np.uint8)
    out[: height // 2, width // 3 :] = draw(st.integers(0, 255))
    out[height // 3 :, : width // 2] = draw(st.integers(0, 255))
    return out


@settings(max_examples=200, deadline=None)
@given(pictures())
def test_drawn_pictures(pixels: np.ndarray) -> None:
    assert_like_reference(pixels)


def test_a_side_below_five_pixels_has_the_zero_hash() -> None:
    found = pdq(np.full((4, 900, 3), 77, np.uint8))
    assert (found.hex, found.quality) == ("0" * 64, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_stored_picture_is_hashed_as_it_is_shown(orientation: int) -> None:
    stored = np.asarray(photographs.opened(photographs.paths()[0]).resize((411, 305)))
    shown = np.ascontiguousarray(oriented(stored, orientation))
    value, quality = photographs.reference(shown)
    for exact in (False, True):
        found = pdq(stored, orientation=orientation, exact=exact)
        assert (found.hex, found.quality) == (value, quality)


def test_a_region_is_hashed_as_if_it_were_the_picture() -> None:
    pixels = np.asarray(photographs.opened(photographs.paths()[0]))
    part = np.ascontiguousarray(pixels[31:331, 17:418])
    value, _ = photographs.reference(part)
    for exact in (False, True):
        assert pdq(pixels, region=Region(31, 17, 300, 401), exact=exact).hex == value


@pytest.mark.parametrize(("step", "certain"), [(44.996, False), (44.98, True), (45.02, True)])
def test_a_quality_that_rounding_could_change_is_in_doubt(step: float, certain: bool) -> None:
    samples = np.zeros((64, 64), np.float32)
    samples[:, 32:] = step * 255 / 100
    found, is_certain = quality(samples, 0.01)
    assert found == 64 * int(step) // 90
    assert is_certain is certain


WRONG = {
    "floats": (np.zeros((9, 9, 3)), {}),
    "no channels": (np.zeros((9, 9), np.uint8), {}),
    "four channels": (np.zeros((9, 9, 4), np.uint8), {}),
    "a view": (np.zeros((18, 18, 3), np.uint8)[::2], {}),
    "a region too high": (np.zeros((9, 9, 3), np.uint8), {"region": Region(5, 0, 5, 9)}),
    "a region too wide": (np.zeros((9, 9, 3), np.uint8), {"region": Region(0, 0, 9, 10)}),
    "a region outside": (np.zeros((9, 9, 3), np.uint8), {"region": Region(-1, 0, 9, 9)}),
    "no orientation": (np.zeros((9, 9, 3), np.uint8), {"orientation": 9}),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_the_kernels_would_read_beyond_is_refused(case: str) -> None:
    pixels, options = WRONG[case]
    with pytest.raises(Invalid):
        pdq(pixels, **options)


def test_blocks_that_do_not_fit_their_picture_are_refused() -> None:
    with pytest.raises(Invalid):
        pdq_scaled(np.zeros((64, 64), np.uint8), height=600, width=512, block_px=8)
