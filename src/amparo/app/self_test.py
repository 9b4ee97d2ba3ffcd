"""A picture of known hash through the real sandbox, and what the sandbox must refuse."""

import tempfile
from io import BytesIO

import numpy as np
from PIL import Image

from amparo.core.errors import Unavailable
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.media.model import Limits, MediaError
from amparo.detect.media.sandbox import Sandbox, confinement_holds

WAVES = "56adab526cb193646c93b34c536e56ada95256ad934e649d934449572cb1a957"
"""The reference's PDQ hash of the picture that is drawn here."""


def check_sandbox(sandbox: Sandbox, limits: Limits) -> str:
    """What was found, in a few words. Raises Unavailable where something is not as it must be."""
    try:
        allowed = sandbox.submit(list[str], confinement_holds, tempfile.gettempdir()).result()
        hashes = sandbox.submit(MediaHashes, hash_media, drawn_picture(), limits).result()
    except (MediaError, MemoryError) as error:
        raise Unavailable(f"a worker failed: {type(error).__name__}: {error}") from error
    if allowed:
        raise Unavailable(f"a worker was able to {' and to '.join(allowed)}")
    if [picture.hex for picture in hashes.pictures] != [WAVES]:
        raise Unavailable("a drawn picture got another hash than it must have")
    return f"{sandbox.processes} processes, confined; a drawn picture got its hash"


def drawn_picture() -> bytes:
    """Waves of two directions, as PNG: the same pixels on every machine."""
    x = np.arange(256)
    wave = np.minimum(x % 64, 63 - x % 64).astype(np.int64)
    grey = (wave[:, None] * 5 + wave[None, :] * 3 + (x[:, None] * x[None, :]) // 1024) % 256
    out = BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(out, "PNG")
    return out.getvalue()
