"""What people do to pictures before they upload them again, and whether PDQ survives it."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps


@dataclass(frozen=True, slots=True)
class Alteration:
    """One way to alter a picture; `limit` says why a copy so altered is beyond PDQ, if it is."""

    name: str
    extension: str
    make: Callable[[Image.Image], bytes]
    limit: str = ""

    @property
    def must_be_found(self) -> bool:
        """Whether missing such a copy is a fault."""
        return not self.limit


def _saved(image: Image.Image, form: str, **options: int) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def _jpeg(image: Image.Image, quality: int = 85) -> bytes:
    return _saved(image, "JPEG", quality=quality)


def _resized(image: Image.Image, factor: float) -> Image.Image:
    size = (round(image.width * factor), round(image.height * factor))
    return image.resize(size, Image.Resampling.LANCZOS)


def _cropped(image: Image.Image, share: float) -> Image.Image:
    """Without `share` of the width and height on each side."""
    x, y = round(image.width * share), round(image.height * share)
    return image.crop((x, y, image.width - x, image.height - y))


def _captioned(image: Image.Image) -> Image.Image:
    copy = image.copy()
    _write(copy, (image.width / 2, image.height * 0.97), image.height / 18)
    return copy


def _under_a_headline(image: Image.Image) -> Image.Image:
    bar_px = image.height // 6
    copy = ImageOps.expand(image, (0, bar_px, 0, 0), fill="white")
    _write(copy, (image.width / 2, bar_px * 0.65), bar_px / 3)
    return copy


def _in_a_screenshot(image: Image.Image) -> Image.Image:
    """Between the bars of a telephone."""
    bar_px = image.height // 9
    shown = ImageOps.expand(image, (0, bar_px), fill="white")
    _write(shown, (image.width / 5, bar_px * 0.7), bar_px / 3)
    _write(shown, (image.width / 2, shown.height - bar_px * 0.3), bar_px / 3)
    return shown


def _write(image: Image.Image, at: tuple[float, float], size_px: float) -> None:
    ImageDraw.Draw(image).text(
        at,
        "seen on the internet",
        fill="white",
        font=ImageFont.load_default(size=size_px),
        anchor="mb",
        stroke_width=2,
        stroke_fill="black",
    )


def _letterboxed(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, (0, image.height // 5), fill="black")


def _framed(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, image.width // 11, fill="blue")


ALTERATIONS = (
    Alteration("the very same pixels, as PNG", "png", lambda image: _saved(image, "PNG")),
    Alteration("re-encoded, JPEG quality 30", "jpg", lambda image: _jpeg(image, 30)),
    Alteration("half the size", "jpg", lambda image: _jpeg(_resized(image, 0.5))),
    Alteration("1.7 times the size", "jpg", lambda image: _jpeg(_resized(image, 1.7))),
    Alteration("cropped by 1 % a side", "jpg", lambda image: _jpeg(_cropped(image, 0.01))),
    Alteration(
        "brighter by a quarter",
        "jpg",
        lambda image: _jpeg(ImageEnhance.Brightness(image).enhance(1.25)),
    ),
    Alteration("with a caption", "jpg", lambda image: _jpeg(_captioned(image))),
    Alteration("in grey", "jpg", lambda image: _jpeg(image.convert("L"))),
    Alteration("as WebP", "webp", lambda image: _saved(image, "WEBP", quality=60)),
    Alteration("as AVIF", "avif", lambda image: _saved(image, "AVIF", quality=60)),
    Alteration("as GIF of 64 colours", "gif", lambda image: _saved(image.quantize(64), "GIF")),
    Alteration("mirrored", "jpg", lambda image: _jpeg(ImageOps.mirror(image))),
    Alteration(
        "turned by a quarter",
        "jpg",
        lambda image: _jpeg(image.transpose(Image.Transpose.ROTATE_90)),
    ),
    Alteration("upside down", "jpg", lambda image: _jpeg(ImageOps.flip(image))),
    Alteration("letterboxed", "jpg", lambda image: _jpeg(_letterboxed(image))),
    Alteration(
        "letterboxed and mirrored",
        "jpg",
        lambda image: _jpeg(ImageOps.mirror(_letterboxed(image))),
    ),
    Alteration("in a blue frame, quality 60", "jpg", lambda image: _jpeg(_framed(image), 60)),
    Alteration("under a headline in a bar", "jpg", lambda image: _jpeg(_under_a_headline(image))),
    Alteration("in a screenshot", "jpg", lambda image: _jpeg(_in_a_screenshot(image))),
    Alteration(
        "cropped by 3 % a side",
        "jpg",
        lambda image: _jpeg(_cropped(image, 0.03)),
        limit="all that PDQ looks at has moved",
    ),
    Alteration(
        "cropped by 15 % a side",
        "jpg",
        lambda image: _jpeg(_cropped(image, 0.15)),
        limit="PDQ looks at the whole picture; half of it is gone",
    ),
    Alteration(
        "tilted by 15 degrees",
        "jpg",
        lambda image: _jpeg(image.rotate(15, fillcolor="white")),
        limit="PDQ knows quarter turns only",
    ),
)
