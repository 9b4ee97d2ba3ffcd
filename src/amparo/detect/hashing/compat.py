"""PDQ of raw channel values, for lists that python-threatexchange made.

That library hands PDQ whatever Pillow decoded: palette numbers instead of colours, colours
without their transparency, pictures as they are stored and not as they are shown. Its hashes of
such files differ from ours; of plain RGB and grey pictures they do not.
"""

from io import BytesIO

import numpy as np
from PIL import Image

from amparo.core.problems import ProblemCode
from amparo.detect.media.model import Frame, Kind, Limits, MediaError
from amparo.detect.media.pillow import DAMAGE, FORMATS, check_pixels, problem_with


def raw_frame(data: bytes, kind: Kind, limits: Limits) -> Frame:
    """The first frame of `data` as stored: its first three channels, or one that stands for all."""
    try:
        image: Image.Image = Image.open(BytesIO(data), formats=FORMATS[kind])
        check_pixels(*image.size, kind, limits, len(data))
        if image.mode in ("LA", "I;16"):
            image = image.convert("RGB")
        values = np.asarray(image)
    except DAMAGE as error:
        raise problem_with(kind, error) from error
    if values.dtype == np.bool_:
        values = values.view(np.uint8)
    if values.dtype != np.uint8:
        raise MediaError(
            ProblemCode.MEDIA_DAMAGED,
            f"The {kind.value} has more than 8 bits a channel, which compat cannot hash.",
        )
    channels = values[:, :, :3] if values.ndim == 3 else values[:, :, None]
    return Frame(0, np.array(channels, order="C"), height=image.height, width=image.width)
