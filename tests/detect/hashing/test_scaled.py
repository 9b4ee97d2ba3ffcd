"""Scaled decoding stays within a few bits of the reference; compat is the peer's own hash."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.model import PdqInput
from amparo.detect.hashing.warm_up import warm_up
from amparo.detect.media.model import Limits
from amparo.testing.hostile import encoded, photograph_like
from tests.kernels import photographs

warm_up()

SIZES = ((512, 384), (640, 480), (1024, 683), (1632, 1224), (2100, 900), (4000, 3000))
ALLOWED_P95_BITS = 4


def hashed(data: bytes, how: PdqInput) -> tuple[np.ndarray, int]:
    [picture] = hash_media(data, Limits(), pdq_input=how).pictures
    return np.frombuffer(picture.value, np.uint8), picture.quality


@pytest.mark.slow
def test_scaled_hashes_lie_near_the_full_ones() -> None:
    distances = []
    for path in photographs.paths():
        image = photographs.opened(path)
        for size in SIZES:
            for quality in (60, 85):
                data = encoded(image.resize(size), "JPEG", quality=quality)
                full, score = hashed(data, PdqInput.SEEN)
                if score >= 50:
                    scaled, _ = hashed(data, PdqInput.SCALED)
                    distances.append(int(np.bitwise_count(full ^ scaled).sum()))
    assert len(distances) > 250
    assert np.percentile(distances, 95) <= ALLOWED_P95_BITS
    assert max(distances) <= 2 * ALLOWED_P95_BITS
    assert np.mean(distances) <= 2


def test_a_scaled_hash_lies_near_the_full_one() -> None:
    data = encoded(photograph_like(1632, 1224), "JPEG")
    full, scaled = (hashed(data, how)[0] for how in (PdqInput.SEEN, PdqInput.SCALED))
    assert int(np.bitwise_count(full ^ scaled).sum()) <= 2 * ALLOWED_P95_BITS


def test_a_poor_scaled_hash_is_computed_again_in_full() -> None:
    dull = Image.new("RGB", (1600, 1200), (120, 130, 140))
    dull.paste((130, 140, 150), (300, 200, 900, 1000))
    data = encoded(dull, "JPEG", quality=90)
    full, scaled = hashed(data, PdqInput.SEEN), hashed(data, PdqInput.SCALED)
    assert full[1] < 50
    assert np.array_equal(full[0], scaled[0])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_scaled_picture_is_hashed_as_it_is_shown(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(photograph_like(1200, 900), "JPEG", exif=exif)
    full, scaled = (hashed(data, how)[0] for how in (PdqInput.SEEN, PdqInput.SCALED))
    assert int(np.bitwise_count(full ^ scaled).sum()) <= 2 * ALLOWED_P95_BITS


def test_the_inner_part_of_a_scaled_picture_is_near_that_of_the_full_one() -> None:
    framed = ImageOps.expand(photograph_like(1600, 1200), 160, fill="black")
    data = encoded(framed, "JPEG", quality=90)
    inner = []
    for how in (PdqInput.SEEN, PdqInput.SCALED):
        [picture] = hash_media(data, Limits(), pdq_input=how, with_variants=True).pictures
        [found] = [each for each in picture.variants if each.name == "inner-original"]
        inner.append(np.frombuffer(found.value, np.uint8))
    assert int(np.bitwise_count(inner[0] ^ inner[1]).sum()) <= 12


@pytest.mark.parametrize("mode", ["RGB", "L", "LA", "RGBA", "P", "CMYK"])
def test_compat_hashes_raw_channel_values(mode: str) -> None:
    picture = photograph_like()
    if mode == "RGBA":
        picture.putalpha(photograph_like(seed=9).convert("L"))
    image = picture.quantize(64) if mode == "P" else picture.convert(mode)
    data = encoded(image, "TIFF" if mode == "CMYK" else "PNG")
    assert hashed(data, PdqInput.COMPAT)[0].tobytes().hex() == pdq_from_bytes(data)[0]


def test_photographs_have_the_same_hash_in_compat(tmp_path: Path) -> None:
    data = encoded(photograph_like(), "JPEG")
    assert hashed(data, PdqInput.COMPAT)[0].tobytes() == hashed(data, PdqInput.SEEN)[0].tobytes()


@pytest.mark.parametrize("tile", [50, 100])
def test_a_chessboard_is_hashed_in_full(tile: int) -> None:
    row, column = np.indices((1200, 1600)) // tile
    board = Image.fromarray((((row + column) % 2) * 200 + 20).astype(np.uint8))
    data = encoded(board, "JPEG", quality=90)
    full, scaled = (hashed(data, how)[0] for how in (PdqInput.SEEN, PdqInput.SCALED))
    assert int(np.bitwise_count(full ^ scaled).sum()) <= ALLOWED_P95_BITS


def test_some_photographs_are_near_in_scaled_mode() -> None:
    distances = []
    for path in photographs.paths()[:12]:
        image = photographs.opened(path)
        data = encoded(image.resize((1632, 1224)), "JPEG", quality=85)
        full, score = hashed(data, PdqInput.SEEN)
        if score >= 50:
            scaled, _ = hashed(data, PdqInput.SCALED)
            distances.append(int(np.bitwise_count(full ^ scaled).sum()))
    assert len(distances) >= 6
    assert np.percentile(distances, 95) <= ALLOWED_P95_BITS
