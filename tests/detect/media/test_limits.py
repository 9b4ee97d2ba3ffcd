"""What would cost too much is refused by its header; what is broken is named."""

import numpy as np
import pytest
from PIL import Image

from amparo.core.problems import ProblemCode
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.model import PdqInput
from amparo.detect.media.model import Limits
from amparo.detect.media.pillow import prepare_pillow, sampled
from amparo.testing import hostile
from amparo.testing.clips import film_of_jpegs

prepare_pillow()

BROKEN = {
    ProblemCode.MEDIA_EMPTY: b"",
    ProblemCode.MEDIA_UNKNOWN_KIND: b"\x93\x00\xfe\x01" * 999,
    ProblemCode.MEDIA_NOT_A_PICTURE: b"<!doctype html><p>hello",
    ProblemCode.MEDIA_TOO_MANY_PIXELS: hostile.jpeg_that_claims(65_500, 65_500),
    ProblemCode.MEDIA_TRUNCATED: hostile.truncated_jpeg(),
    ProblemCode.MEDIA_DAMAGED: b"\x89PNG\r\n\x1a\n" + b"nothing of the kind" * 9,
}


@pytest.mark.parametrize("code", BROKEN)
def test_what_is_wrong_is_named(code: ProblemCode) -> None:
    found = hash_media(BROKEN[code], Limits())
    assert found.problem is not None
    assert found.problem.code is code
    assert len(found.digests.sha256) == 64


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    found = hash_media(hostile.png_bomb(20_000, 20_000), Limits())
    assert found.problem is not None
    assert found.problem.code is ProblemCode.MEDIA_TOO_MANY_PIXELS
    assert "20000 × 20000" in found.problem.message


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "TIFF", "AVIF", "JPEG2000", "BMP"])
def test_a_cut_file_has_no_hash_of_what_is_left(form: str) -> None:
    picture = hostile.photograph_like()
    whole = hostile.encoded(picture.quantize() if form == "GIF" else picture, form)
    found = hash_media(whole[: len(whole) * 2 // 3], Limits())
    assert found.pictures == ()
    assert found.problem is not None
    assert found.problem.code in (ProblemCode.MEDIA_TRUNCATED, ProblemCode.MEDIA_DAMAGED)


def test_an_animation_is_sampled_evenly() -> None:
    frames = [hostile.photograph_like(96, 64, seed=k).quantize() for k in range(40)]
    data = hostile.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    found = hash_media(data, Limits(sampled_frames=8))
    assert [picture.frame for picture in found.pictures] == [0, 5, 10, 15, 20, 25, 30, 35]
    assert len({picture.hex for picture in found.pictures}) == 8


def test_of_too_long_an_animation_the_first_frame_is_hashed() -> None:
    found = hash_media(hostile.gif_of(300), Limits(max_frames=200))
    assert [picture.frame for picture in found.pictures] == [0]
    assert found.problem is not None
    assert found.problem.code is ProblemCode.MEDIA_TOO_MANY_FRAMES


@pytest.mark.parametrize(("total", "wanted"), [(1, 16), (16, 16), (17, 16), (10_000, 16), (5, 1)])
def test_a_sample_begins_with_the_first_and_holds_no_frame_twice(total: int, wanted: int) -> None:
    numbers = sampled(total, wanted)
    assert numbers[0] == 0
    assert len(set(numbers)) == len(numbers) == min(total, wanted)
    assert max(numbers) < total


def test_frames_that_take_too_long_do_not_hide_the_first() -> None:
    first = hostile.photograph_like(1600, 1200).quantize()
    others = [first.point(lambda value, k=k: (value + k) % 200) for k in range(12)]
    data = hostile.encoded(first, "GIF", save_all=True, append_images=others)
    found = hash_media(data, Limits(seconds=0))
    assert [picture.frame for picture in found.pictures] == [0]
    assert found.problem is not None
    assert found.problem.code is ProblemCode.MEDIA_OUT_OF_TIME


def test_a_picture_that_needs_more_memory_than_its_share_says_so_at_once() -> None:
    with pytest.raises(MemoryError):
        hash_media(hostile.png_bomb(9_000, 8_000), Limits(memory_bytes=200 * 1024 * 1024))


def test_a_video_of_larger_frames_than_its_share_of_memory_says_so_before_it_is_decoded() -> None:
    data = film_of_jpegs([b"no picture at all"], width=1280, height=720)
    assert hash_media(data, Limits()).problem is not None
    with pytest.raises(MemoryError):
        hash_media(data, Limits(memory_bytes=20 * 1024 * 1024))


@pytest.mark.parametrize("where", [0.3, 0.5, 0.9])
def test_damage_that_ends_a_jpegs_scan_early_is_not_hashed(where: float) -> None:
    data = bytearray(hostile.encoded(hostile.photograph_like(), "JPEG"))
    middle = int(len(data) * where)
    data[middle : middle + 40] = b"\xff\xd9" * 20
    found = hash_media(bytes(data), Limits())
    assert found.pictures == ()
    assert found.problem is not None


WHOLE = hostile.encoded(hostile.photograph_like(), "JPEG")
SEGMENT = WHOLE.index(b"\xff\xdb")
HARMLESS = {
    "filling before the end": WHOLE[:-2] + bytes(30) + WHOLE[-2:],
    "bytes behind the end": WHOLE + b"something else",
    "bytes between segments": WHOLE[:SEGMENT] + b"abc" + WHOLE[SEGMENT:],
}


@pytest.mark.parametrize("case", HARMLESS)
def test_bytes_beside_the_picture_do_no_harm(case: str) -> None:
    found = hash_media(HARMLESS[case], Limits())
    assert found.problem is None
    assert found.pictures == hash_media(WHOLE, Limits()).pictures


def test_bytes_left_over_in_the_scan_are_damage() -> None:
    found = hash_media(WHOLE[:-2] + b"left over from the scan" + WHOLE[-2:], Limits())
    assert found.pictures == ()
    assert found.problem is not None
    assert found.problem.code is ProblemCode.MEDIA_DAMAGED


@pytest.mark.slow
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000"])
def test_mutated_files_end_in_hashes_or_a_problem(form: str) -> None:
    chance = np.random.default_rng(len(form))
    picture = hostile.photograph_like(64, 48)
    whole = hostile.encoded(picture.quantize() if form == "GIF" else picture, form)
    for _ in range(1500):
        data = bytearray(whole)
        for at in chance.integers(0, len(data), chance.integers(1, 9)):
            data[at] = chance.integers(0, 256)
        for how in PdqInput:
            try:
                hash_media(bytes(data), Limits(), pdq_input=how, with_variants=True)
            except MemoryError:
                continue  # its header asked for more than there is


def test_a_later_frame_is_held_to_the_limits_too() -> None:
    first, second = hostile.photograph_like().convert("1"), Image.new("1", (12_000, 9_000))
    options = {"save_all": True, "append_images": [second], "compression": "group4"}
    found = hash_media(hostile.encoded(first, "TIFF", **options), Limits())
    assert [picture.frame for picture in found.pictures] == [0]
    assert found.problem is not None
    assert found.problem.code is ProblemCode.MEDIA_TOO_MANY_PIXELS
