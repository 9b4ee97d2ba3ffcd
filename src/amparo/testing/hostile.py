"""Files as an attacker or an accident makes them, each small to write and dear to believe."""

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image


def photograph_like(width: int = 320, height: int = 240, *, seed: int = 1) -> Image.Image:
    """Smooth blots of colour with fine grain: hashed with full quality, the same on every run."""
    chance = np.random.default_rng(seed)
    coarse = chance.integers(0, 256, (8, 10, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    grain = chance.integers(-12, 13, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(smooth) + grain, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    """The bytes of `image` in a format that Pillow writes."""
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def truncated_jpeg() -> bytes:
    """A JPEG of which the second half is missing."""
    whole = encoded(photograph_like(), "JPEG")
    return whole[: len(whole) // 2]


def jpeg_that_claims(width: int, height: int) -> bytes:
    """A small JPEG whose header claims another size."""
    data = bytearray(encoded(photograph_like(64, 64), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def png_bomb(width: int, height: int) -> bytes:
    """A PNG of one bit a pixel, all of them black, that unpacks to a thousand times its size."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    row = bytes(1 + (width + 7) // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def gif_of(frames: int) -> bytes:
    """An animation whose first frame is a picture, and whose others are single pixels."""
    first = encoded(photograph_like(96, 64).quantize(64), "GIF")
    control = b"\x21\xf9\x04\x00\x01\x00\x00\x00"
    pixel = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return first[:-1] + (control + pixel) * (frames - 1) + b"\x3b"
