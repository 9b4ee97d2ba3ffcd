"""Pictures that were sent to a sandbox as base64 in JSON: each must be one, and small."""

import base64
import binascii
from io import BytesIO

from PIL import Image

from amparo.testing.json_service import Refused


def pictures_in(images: object, *, most: int) -> list[Image.Image]:
    """What was sent, opened. Raises Refused where it is no list of pictures."""
    if not isinstance(images, list) or not 1 <= len(images) <= most:
        raise Refused(400, f"there are not 1 to {most} pictures")
    return [_opened(each) for each in images]


def _opened(image: object) -> Image.Image:
    try:
        picture = Image.open(BytesIO(base64.b64decode(str(image), validate=True)))
        picture.load()
    except (binascii.Error, OSError):
        raise Refused(400, "one is no picture") from None
    if picture.getexif() or picture.info.get("comment"):
        raise Refused(400, "one says more than its pixels")
    return picture
