"""JPEG files of a given size, made from the photographs that the demonstration uses."""

from io import BytesIO
from random import Random

import numpy as np
from PIL import Image, ImageOps

from amparo.programs.demo.photographs import KNOWN, UNRELATED

QUALITY = 85


def enlarged(width: int, height: int, count: int) -> list[bytes]:
    """Single photographs, brought to the size: smooth, where they had to be enlarged."""
    photographs = [each.open() for each in (*KNOWN, *UNRELATED)[:count]]
    return [_jpeg(ImageOps.fit(each, (width, height))) for each in photographs]


def collages(width: int, height: int, count: int) -> list[bytes]:
    """Photographs side by side near their own size: as much detail a pixel as a camera's file."""
    photographs = [each.open() for each in (*KNOWN, *UNRELATED)]
    return [_jpeg(_collage(photographs, width, height, Random(k))) for k in range(count)]


def drawn(number: int, width: int, height: int) -> bytes:
    """A picture of soft colours, unlike that of any other number."""
    few = np.random.default_rng((78, number)).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return _jpeg(Image.fromarray(few).resize((width, height), Image.Resampling.BICUBIC))


def _collage(
    photographs: list[Image.Image], width: int, height: int, chance: Random
) -> Image.Image:
    tiles = max(1, round((width * height / (500 * 400)) ** 0.5))
    tile = (-(-width // tiles), -(-height // tiles))
    out = Image.new("RGB", (width, height))
    # In no regular order: a repeating picture has next to no low frequencies to hash.
    for place in range(tiles * tiles):
        piece = ImageOps.fit(chance.choice(photographs), tile)
        out.paste(piece, (place % tiles * tile[0], place // tiles * tile[1]))
    return out


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
