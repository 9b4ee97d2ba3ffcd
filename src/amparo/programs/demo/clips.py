"""A clip of the known photographs, and what people do to clips before they upload them again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps

from amparo.programs.demo.photographs import KNOWN, UNRELATED, Photograph
from amparo.testing.clips import Picture, film

A_SECOND = 10
WIDTH, HEIGHT = 320, 240
SECONDS_EACH = 3
KNOWN_NAME = "clip"

Clip = Sequence[Picture]
"""Pictures, ten a second."""

_MARGIN = 0.1
"""How far the camera moves over each photograph, of its width."""


@dataclass(frozen=True, slots=True)
class ClipAlteration:
    """One way to alter a clip, or to make a picture of it."""

    name: str
    extension: str
    make: Callable[[Clip], bytes]


def known_clip() -> list[Picture]:
    """A camera moves over each of the known photographs in turn."""
    return [picture for each in KNOWN for picture in _moved_over(each)]


def unrelated_clip() -> list[Picture]:
    """The same with photographs that are on no list."""
    return [picture for each in UNRELATED[:4] for picture in _moved_over(each)]


def as_file(clip: Clip) -> bytes:
    """The clip as its first owner has it."""
    return film(clip, a_second=A_SECOND, options={"crf": "18"})


def _moved_over(photograph: Photograph) -> Iterator[Picture]:
    large = (round(WIDTH * (1 + _MARGIN)), HEIGHT)
    pixels = np.asarray(ImageOps.fit(photograph.open(), large))
    frames = SECONDS_EACH * A_SECOND
    for number in range(frames):
        left = (large[0] - WIDTH) * number // frames
        yield pixels[:, left : left + WIDTH]


def _webm(clip: Clip) -> bytes:
    small = [_resized(each, 0.75) for each in clip]
    options = {"deadline": "realtime", "cpu-used": "8", "crf": "40", "b": "0"}
    return film(small, container="webm", codec="libvpx-vp9", a_second=A_SECOND, options=options)


def _avi(clip: Clip) -> bytes:
    return film(clip, container="avi", codec="mpeg4", a_second=A_SECOND, options={"b": "800k"})


def _cut(clip: Clip) -> bytes:
    return film(clip[4 * A_SECOND : 9 * A_SECOND], a_second=A_SECOND)


def _mirrored(clip: Clip) -> bytes:
    return film([each[:, ::-1] for each in clip], container="mov", a_second=A_SECOND)


def _letterboxed(clip: Clip) -> bytes:
    barred = [np.pad(each, ((40, 40), (0, 0), (0, 0))) for each in clip]
    return film(barred, container="matroska", a_second=A_SECOND)


def _within_a_longer_one(clip: Clip) -> bytes:
    other = unrelated_clip()
    return film([*other, *clip, *other[::-1]], a_second=A_SECOND)


def _animation(clip: Clip) -> bytes:
    images = [Image.fromarray(each) for each in clip[::2]]
    out = BytesIO()
    images[0].save(out, "GIF", save_all=True, append_images=images[1:], duration=200)
    return out.getvalue()


def _picture(clip: Clip) -> bytes:
    out = BytesIO()
    Image.fromarray(clip[7 * A_SECOND]).save(out, "JPEG", quality=70)
    return out.getvalue()


def _resized(picture: Picture, factor: float) -> Picture:
    size = (round(WIDTH * factor) // 2 * 2, round(HEIGHT * factor) // 2 * 2)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


CLIP_ALTERATIONS = (
    ClipAlteration("re-encoded, smaller, as WebM", "webm", _webm),
    ClipAlteration("re-encoded, as AVI", "avi", _avi),
    ClipAlteration("cut: five seconds of it", "mp4", _cut),
    ClipAlteration("mirrored", "mov", _mirrored),
    ClipAlteration("letterboxed", "mkv", _letterboxed),
    ClipAlteration("within a longer video", "mp4", _within_a_longer_one),
    ClipAlteration("as an animated GIF", "gif", _animation),
    ClipAlteration("one picture of it", "jpg", _picture),
)
