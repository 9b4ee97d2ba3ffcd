"""What people and programs do to pictures, at several strengths, and the file that comes of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Change = Callable[[Image.Image], Image.Image]

QUALITY = 85
_FONT = ImageFont.load_default


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit at one strength, of a family that can be drawn as a curve."""

    family: str
    strength: str
    change: Change
    quality: int = QUALITY

    @property
    def name(self) -> str:
        """What a table calls it."""
        return f"{self.family} {self.strength}".strip()

    def file(self, image: Image.Image) -> bytes:
        """The edited picture as JPEG."""
        out = BytesIO()
        self.change(image).save(out, "JPEG", quality=self.quality)
        return out.getvalue()


def edits() -> Iterator[Edit]:
    """All of them, by family and rising strength."""
    for quality in (95, 75, 50, 30, 20, 10):
        yield Edit("re-encode", f"q{quality}", lambda image: image, quality)
    for family, make, strengths in _FAMILIES:
        for strength in strengths:
            yield Edit(family, f"{strength:g}", make(strength))
    for family, change in _SINGLE.items():
        yield Edit(family, "", change)


def _resize(factor: float) -> Change:
    return lambda image: image.resize(
        (max(1, round(image.width * factor)), max(1, round(image.height * factor))),
        Image.Resampling.LANCZOS,
    )


def _crop(percent: float) -> Change:
    def change(image: Image.Image) -> Image.Image:
        x, y = round(image.width * percent / 200), round(image.height * percent / 200)
        return image.crop((x, y, image.width - x, image.height - y))

    return change


def _tilt(degrees: float) -> Change:
    return lambda image: image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor="black")


def _letterbox(percent: float) -> Change:
    return lambda image: ImageOps.expand(image, (0, round(image.height * percent / 100)))


def _frame(percent: float) -> Change:
    return lambda image: ImageOps.expand(image, round(image.width * percent / 100), "blue")


def _caption(percent: float) -> Change:
    def change(image: Image.Image) -> Image.Image:
        copy = image.copy()
        size = image.height * percent / 100
        _write(copy, (image.width / 2, image.height - size), "seen on the internet", size)
        return copy

    return change


def _headline(percent: float) -> Change:
    """Words in a white bar above the picture, as they are passed on."""

    def change(image: Image.Image) -> Image.Image:
        bar = round(image.height * percent / 100)
        copy = ImageOps.expand(image, (0, bar, 0, 0), "white")
        _write(copy, (image.width / 2, bar / 2), "seen on the internet", bar / 3)
        return copy

    return change


def _watermark(percent: float) -> Change:
    def change(image: Image.Image) -> Image.Image:
        marked = image.copy()
        for row in range(4):
            _write(marked, (image.width / 2, image.height * (row + 0.6) / 4), "example " * 3,
                   image.height / 9)  # fmt: skip
        return Image.blend(image, marked, percent / 100)

    return change


def _write(image: Image.Image, at: tuple[float, float], text: str, size: float) -> None:
    ImageDraw.Draw(image).text(at, text, "white", _FONT(size), "mm", stroke_width=2,
                               stroke_fill="black")  # fmt: skip


def _brightness(factor: float) -> Change:
    return lambda image: ImageEnhance.Brightness(image).enhance(factor)


def _contrast(factor: float) -> Change:
    return lambda image: ImageEnhance.Contrast(image).enhance(factor)


def _blur(radius: float) -> Change:
    return lambda image: image.filter(ImageFilter.GaussianBlur(radius))


def _noise(sigma: float) -> Change:
    def change(image: Image.Image) -> Image.Image:
        pixels = np.asarray(image, np.float64)
        noisy = pixels + np.random.default_rng(1).normal(0, sigma, pixels.shape)
        return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))

    return change


def _screenshot(image: Image.Image) -> Image.Image:
    """Between a bar with a clock and a bar with a button, as a phone shows it."""
    bar = image.height // 10
    shown = ImageOps.expand(image, (0, bar, 0, bar), "white")
    _write(shown, (image.width * 0.1, bar / 2), "12:30", bar / 2)
    _write(shown, (image.width / 2, shown.height - bar / 2), "○", bar / 2)
    return shown


_FAMILIES: tuple[tuple[str, Callable[[float], Change], tuple[float, ...]], ...] = (
    ("resize ×", _resize, (2, 0.5, 0.25, 0.1)),
    ("crop %", _crop, (1, 2, 3, 5, 10, 20)),
    ("tilt °", _tilt, (1, 2, 5, 10)),
    ("letterbox %", _letterbox, (5, 20, 40)),
    ("frame %", _frame, (2, 5, 15)),
    ("caption %", _caption, (4, 8, 16)),
    ("headline %", _headline, (8, 16, 32)),
    ("watermark %", _watermark, (20, 50, 100)),
    ("brightness ×", _brightness, (1.25, 1.5, 0.75, 0.5)),
    ("contrast ×", _contrast, (1.25, 1.5, 0.75, 0.5)),
    ("blur px", _blur, (1, 2, 4, 8)),
    ("noise σ", _noise, (5, 10, 20, 40)),
)

_SINGLE: dict[str, Change] = {
    "turned by 90°": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "turned by 180°": lambda image: image.transpose(Image.Transpose.ROTATE_180),
    "turned by 270°": lambda image: image.transpose(Image.Transpose.ROTATE_270),
    "mirrored": ImageOps.mirror,
    "grey": lambda image: image.convert("L"),
    "screenshot": _screenshot,
}
