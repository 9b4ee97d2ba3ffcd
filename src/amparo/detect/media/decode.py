"""Bytes of a picture to the frames that are hashed; what is too much is refused by the header."""

from collections.abc import Iterator

from amparo.core.problems import ProblemCode
from amparo.detect.media.jpeg import decode_jpeg
from amparo.detect.media.model import Frame, Kind, Limits, MediaError
from amparo.detect.media.pillow import decode_with_pillow
from amparo.detect.media.scratch import Scratch
from amparo.detect.media.sniff import sniff


def decode(
    data: bytes,
    *,
    kind: Kind | None = None,
    limits: Limits | None = None,
    scaled: bool = False,
    scratch: Scratch | None = None,
) -> Iterator[Frame]:
    """The first frame of `data` and an even sample of the others, in their order.

    Pixels are as a person would see them: whatever the colour mode, the depth or the palette, as
    RGB or grey of 8 bits, over white where they were transparent. `scaled` allows a JPEG to be
    decoded at a fraction of its size; `scratch` lends it memory. Raises MediaError.
    """
    kind = kind or sniff(data)
    limits = limits or Limits()
    check_kind(data, kind)
    if kind is Kind.JPEG:
        return decode_jpeg(data, limits, scaled=scaled, scratch=scratch)
    return decode_with_pillow(data, kind, limits)


def check_kind(data: bytes, kind: Kind) -> None:
    """Refuse what is no picture, and say what it is instead."""
    if not data:
        raise MediaError(ProblemCode.MEDIA_EMPTY, "The file is empty.")
    if kind is Kind.UNKNOWN:
        raise MediaError(
            ProblemCode.MEDIA_UNKNOWN_KIND,
            "The content is of no kind that Amparo knows; only its digests can be compared.",
        )
    if not kind.is_picture:
        raise MediaError(
            ProblemCode.MEDIA_NOT_A_PICTURE,
            f"The content is {kind.value}, not a picture; only its digests can be compared.",
        )
