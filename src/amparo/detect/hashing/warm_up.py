"""Load and compile everything that hashing needs, before a worker loses the right to open files."""

from io import BytesIO

import numpy as np
from PIL import Image

from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.model import PdqInput
from amparo.detect.hashing.plug_ins import pixel_hash_types
from amparo.detect.media.film import has_library, library
from amparo.detect.media.model import Limits
from amparo.detect.media.pillow import prepare_pillow
from amparo.kernels.pdq import pdq

_WRITTEN_AS = (
    ("RGB", "JPEG"),
    ("L", "JPEG"),
    ("CMYK", "JPEG"),
    ("RGB", "PNG"),
    ("RGBA", "PNG"),
    ("RGBA", "WEBP"),
    ("P", "GIF"),
    ("RGB", "BMP"),
    ("RGB", "TIFF"),
    ("RGB", "AVIF"),
    ("RGB", "JPEG2000"),
)


def warm_up() -> None:
    """Hash a small drawn picture of every kind once; does nothing the second time.

    Pillow's own limit of pixels is lifted for the whole process: Amparo has its own.
    """
    if not _done:
        prepare_pillow()
        for each in pixel_hash_types():
            each.warm_up()
        for mode, name in _WRITTEN_AS:
            hash_media(_sample(mode, name), Limits(), with_variants=True)
        hash_media(_sample("RGB", "JPEG"), Limits(), pdq_input=PdqInput.SCALED)
        hash_media(_sample("RGB", "JPEG"), Limits(), pdq_input=PdqInput.COMPAT)
        for channels in (1, 3):
            pdq(np.zeros((64, 64, channels), np.uint8), exact=True)
            pdq(np.zeros((80, 80, channels), np.uint8), exact=True)
        if has_library():
            hash_media(_video(), Limits(), with_variants=True)
        _done.append(True)


_done: list[bool] = []


def _sample(mode: str, name: str) -> bytes:
    """A ramp inside a white frame, so that borders and gradients are both looked at."""
    ramp = np.full((96, 96), 255, np.uint8)
    ramp[8:88, 8:88] = np.arange(80, dtype=np.uint8) * 3
    out = BytesIO()
    Image.fromarray(ramp).convert(mode).save(out, name)
    return out.getvalue()


def _video() -> bytes:
    """A picture that is shown for a moment."""
    av = library()
    out = BytesIO()
    with av.open(out, "w", format="avi") as film:
        stream = film.add_stream("mjpeg", rate=1)
        stream.pix_fmt, stream.height, stream.width = "yuvj420p", 96, 96
        film.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((96, 96, 3), 200, np.uint8))))
        film.mux(stream.encode(None))
    return out.getvalue()
