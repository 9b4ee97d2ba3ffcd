"""What scorers see: every frame as a person sees it, small, in the sandbox, and nothing else."""

import time
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from amparo.detect.media.model import Limits
from amparo.detect.media.sandbox import Sandbox
from amparo.detect.scoring.thumbnails import MOST_FRAMES, Thumbnails, Wanted, thumbnails
from amparo.testing.hostile import encoded, photograph_like, truncated_jpeg

BOTH = Wanted((16, 64), (50, 100))


def seen(data: bytes, wanted: Wanted = BOTH, limits: Limits | None = None) -> Thumbnails:
    return thumbnails(data, limits or Limits(), wanted, time.monotonic() + 60)


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def test_squares_are_what_pillow_makes_of_the_picture() -> None:
    picture = photograph_like(300, 200)
    square = seen(encoded(picture, "PNG")).square(BOTH, 64)
    expected = np.asarray(picture.resize((64, 64), Image.Resampling.BILINEAR))
    assert square.shape == (1, 64, 64, 3)
    assert np.array_equal(square[0], expected)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("size", [(1601, 1203), (3000, 211), (977, 2500)])
def test_a_large_picture_is_made_small_in_bands_and_looks_the_same(
    size: tuple[int, int], mode: str
) -> None:
    picture = photograph_like(*size).convert(mode)
    square = seen(encoded(picture, "BMP"), Wanted((32,))).square(Wanted((32,)), 32)[0]
    whole = picture.convert("RGB").resize((32, 32), Image.Resampling.BILINEAR)
    assert np.abs(square.astype(int) - np.asarray(whole)).max() <= 3


@pytest.mark.parametrize("turned", [1, 3, 6, 8])
def test_a_picture_is_shown_as_a_person_sees_it(turned: int) -> None:
    picture = photograph_like(300, 200)
    back = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90,
            8: Image.Transpose.ROTATE_270}[turned]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = turned
    stored = picture if back is None else picture.transpose(back)
    found = seen(encoded(stored, "PNG", exif=exif))
    plain = seen(encoded(picture, "PNG"))
    apart = found.square(BOTH, 64).astype(int) - plain.square(BOTH, 64)
    assert np.abs(apart).max() <= 3
    (file,) = found.picture(BOTH, 100)
    assert opened(file).size == (100, 67)


def test_nothing_goes_along_but_pixels_and_nothing_is_enlarged() -> None:
    exif = Image.Exif()
    exif[0x010E] = "zorvimel"
    exif[0x0112] = 1
    data = encoded(photograph_like(80, 40), "JPEG", exif=exif, comment=b"quandelu")
    small, large = (seen(data).picture(BOTH, side)[0] for side in (50, 100))
    assert opened(small).size == (50, 25)
    assert opened(large).size == (80, 40)
    for each in (small, large):
        assert not opened(each).getexif()
        assert b"zorvimel" not in each
        assert b"quandelu" not in each


def test_of_an_animation_every_sampled_frame_is_seen_but_no_more_than_sixteen() -> None:
    frames = [photograph_like(32, 32, seed=each) for each in range(40)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert len(seen(data, limits=Limits(sampled_frames=5)).squares) == 5
    found = seen(data, limits=Limits(sampled_frames=40))
    assert len(found.squares) == len(found.picture(BOTH, 50)) == MOST_FRAMES == 16


def test_frames_are_spread_over_the_whole_animation() -> None:
    levels = [Image.new("RGB", (32, 32), (each * 6,) * 3) for each in range(40)]
    data = encoded(levels[0], "GIF", save_all=True, append_images=levels[1:])
    found = seen(data, limits=Limits(sampled_frames=40)).square(BOTH, 16).mean(axis=(1, 2, 3))
    assert found[0] == 0
    assert found[-1] > 200
    assert max(np.diff(found)) < 24


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1", "I;16"])
def test_every_mode_is_seen_in_colour(mode: str) -> None:
    form = "TIFF" if mode in ("CMYK", "I;16") else "PNG"
    picture = photograph_like(64, 48)
    stored = picture.convert("L").convert("I;16") if mode == "I;16" else picture.convert(mode)
    found = seen(encoded(stored, form))
    assert found.square(BOTH, 16).shape == (1, 16, 16, 3)
    assert opened(found.picture(BOTH, 50)[0]).mode == "RGB"


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"<html></html>", b"\xff\xd8\xff\xe0"])
def test_what_cannot_be_decoded_shows_nothing(data: bytes) -> None:
    assert seen(data) == Thumbnails()


def test_a_picture_cut_short_shows_nothing() -> None:
    assert seen(truncated_jpeg()) == Thumbnails()


def test_nothing_is_decoded_when_nobody_waits_any_more() -> None:
    data = encoded(photograph_like(), "PNG")
    assert thumbnails(data, Limits(), BOTH, time.monotonic() - 1) == Thumbnails()


def test_the_sandbox_gives_the_same(sandbox: Sandbox) -> None:
    data = encoded(photograph_like(), "JPEG")
    until = time.monotonic() + 60
    answer = sandbox.submit(Thumbnails, thumbnails, data, sandbox.share, BOTH, until)
    assert answer.result() == seen(data)
