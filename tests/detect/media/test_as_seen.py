"""However a picture is stored, it is hashed as a person sees it."""

import struct
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.warm_up import warm_up
from amparo.detect.media.model import Limits
from amparo.testing.hostile import encoded, photograph_like

warm_up()

PICTURE = photograph_like(320, 240)
GREY = PICTURE.convert("L")
NEAR = 12
"""Bits that re-encoding and reducing colours may change."""


def distance(data: bytes, picture: Image.Image = PICTURE) -> int:
    """How far the hash of a file lies from that of the plain picture."""
    found = hash_media(data, Limits())
    assert found.problem is None, found.problem
    plain = hash_media(encoded(picture, "PNG"), Limits())
    a, b = (np.frombuffer(each.pictures[0].value, np.uint8) for each in (found, plain))
    assert found.pictures[0].quality > 50
    return int(np.bitwise_count(a ^ b).sum())


def heic(image: Image.Image, **options: object) -> bytes:
    out = BytesIO()
    pillow_heif.from_pillow(image).save(out, quality=90, **options)
    return out.getvalue()


STORED: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: encoded(PICTURE, "JPEG", quality=90),
    "progressive JPEG": lambda: encoded(PICTURE, "JPEG", quality=90, progressive=True),
    "CMYK JPEG": lambda: encoded(PICTURE.convert("CMYK"), "JPEG", quality=95),
    "WebP": lambda: encoded(PICTURE, "WEBP", quality=90),
    "BMP": lambda: encoded(PICTURE, "BMP"),
    "TIFF": lambda: encoded(PICTURE, "TIFF", compression="tiff_lzw"),
    "CMYK TIFF": lambda: encoded(PICTURE.convert("CMYK"), "TIFF"),
    "LAB TIFF": lambda: encoded(_lab(PICTURE), "TIFF"),
    "YCbCr TIFF": lambda: encoded(PICTURE.convert("YCbCr"), "TIFF"),
    "AVIF": lambda: encoded(PICTURE, "AVIF", quality=90),
    "HEIC": lambda: heic(PICTURE),
    "JPEG 2000": lambda: encoded(PICTURE, "JPEG2000"),
    "PNG with opaque alpha": lambda: encoded(PICTURE.convert("RGBA"), "PNG"),
    "grey as RGB": lambda: encoded(GREY.convert("RGB"), "PNG"),
    "grey PNG": lambda: encoded(GREY, "PNG"),
    "grey with alpha": lambda: encoded(GREY.convert("LA"), "PNG"),
    "grey of 16 bits": lambda: encoded(_deep(GREY), "PNG"),
    "grey of 16 bits, TIFF": lambda: encoded(_deep(GREY), "TIFF"),
    "negative of 16 bits, TIFF": lambda: encoded(
        _deep(GREY, turn=65535), "TIFF", tiffinfo={262: 0}
    ),
    "grey of 12 bits, TIFF": lambda: _twelve_bits(GREY),
    "grey of 32 bits, TIFF": lambda: encoded(_wide(GREY), "TIFF"),
    "grey floats of 0 to 1, TIFF": lambda: encoded(_floats(GREY), "TIFF"),
}


def _lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.applyTransform(image, ImageCms.buildTransform(rgb, lab, "RGB", "LAB"))
    assert converted is not None
    return converted


def _deep(image: Image.Image, turn: int = 0) -> Image.Image:
    return Image.fromarray((np.asarray(image).astype(np.uint16) * 257) ^ np.uint16(turn))


def _twelve_bits(image: Image.Image) -> bytes:
    """A TIFF of two pixels in three bytes, as microscopes and X-ray machines write it."""
    values = np.asarray(image).astype(np.uint32) * 4095 // 255
    left, right = values[:, ::2], values[:, 1::2]
    packed = np.stack([left >> 4, (left & 15) << 4 | right >> 8, right & 255], axis=2)
    strip = packed.astype(np.uint8).tobytes()
    entries = [
        (256, 3, image.width), (257, 3, image.height), (258, 3, 12), (259, 3, 1), (262, 3, 1),
        (273, 4, 8), (277, 3, 1), (278, 3, image.height), (279, 4, len(strip)),
    ]  # fmt: skip
    table = b"".join(
        struct.pack("<HHI", tag, kind, 1) + struct.pack("<I", value) for tag, kind, value in entries
    )
    head = b"II*\x00" + struct.pack("<I", 8 + len(strip))
    return head + strip + struct.pack("<H", len(entries)) + table + bytes(4)


def _wide(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image).astype(np.int32) * 257)


def _floats(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image).astype(np.float32) / 255)


@pytest.mark.parametrize("name", STORED)
def test_the_way_of_storing_does_not_matter(name: str) -> None:
    assert distance(STORED[name]()) <= NEAR


def test_a_picture_of_one_bit_is_like_itself_in_grey() -> None:
    dithered = GREY.convert("1")
    assert distance(encoded(dithered, "PNG"), dithered.convert("L")) == 0


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_what_is_transparent_shows_white(form: str) -> None:
    hole = PICTURE.convert("RGBA")
    hole.paste((255, 0, 0, 0), (40, 40, 200, 160))
    page = PICTURE.copy()
    page.paste("white", (40, 40, 200, 160))
    options = {"lossless": True} if form == "WEBP" else {}
    assert distance(encoded(hole, form, **options), page) == 0


def test_a_transparent_palette_entry_shows_white() -> None:
    few = PICTURE.quantize(16)
    page = few.convert("RGB")
    gone = np.asarray(few) == 3
    page = Image.fromarray(np.where(gone[:, :, None], 255, np.asarray(page)).astype(np.uint8))
    assert distance(encoded(few, "PNG", transparency=3), page) == 0
    assert distance(encoded(few, "GIF", transparency=3), page) == 0


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_hashed_as_its_orientation_shows_it(form: str, orientation: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if form in ("JPEG", "WEBP", "AVIF") else {}
    data = encoded(PICTURE, form, exif=exif, **options)
    with Image.open(BytesIO(data)) as image:
        shown = ImageOps.exif_transpose(image).convert("RGB")
    assert distance(data, shown) == 0


def test_a_turned_heic_is_hashed_as_it_is_shown() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = PICTURE.transpose(Image.Transpose.ROTATE_270)
    assert distance(heic(PICTURE, exif=exif.tobytes()), turned) <= NEAR


def test_an_embedded_profile_is_ignored() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    assert distance(encoded(PICTURE, "PNG", icc_profile=profile)) == 0


def test_stray_bytes_between_markers_do_no_harm() -> None:
    data = encoded(PICTURE, "JPEG", quality=90)
    at = data.index(b"\xff\xda")
    assert distance(data[:at] + b"stray" + data[at:]) <= NEAR


@pytest.mark.parametrize("form", ["GIF", "PNG"])
def test_a_palette_is_hashed_by_its_colours(form: str) -> None:
    few = PICTURE.quantize(32)
    assert distance(encoded(few, form), few.convert("RGB")) == 0


def test_a_transparent_grey_shows_white_at_every_depth() -> None:
    dithered = GREY.convert("1")
    assert hash_media(encoded(dithered, "PNG", transparency=0), Limits()).pictures[0].quality == 0
    few = GREY.point(lambda value: value // 16 * 16)
    deep = Image.fromarray(np.asarray(few).astype(np.uint16) * 257)
    page = few.point(lambda value: 255 if value == 112 else value)
    assert distance(encoded(deep, "PNG", transparency=112 * 257), page) <= 2


def test_an_orientation_outside_exif_is_ignored_as_browsers_do() -> None:
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="6"/></x:xmpmeta>'
    text.add_itxt("XML:com.adobe.xmp", xmp)
    assert distance(encoded(PICTURE, "PNG", pnginfo=text)) == 0


def test_of_several_heic_pictures_the_primary_comes_first_and_none_is_missed() -> None:
    several = pillow_heif.HeifFile()
    for seed in (1, 2, 3):
        several.add_from_pillow(photograph_like(320, 240, seed=seed))
    out = BytesIO()
    several.save(out, quality=90, primary_index=1)
    pictures = hash_media(out.getvalue(), Limits()).pictures
    assert [picture.frame for picture in pictures] == [1, 0, 2]
    assert len({picture.hex for picture in pictures}) == 3
