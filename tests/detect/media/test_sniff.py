"""The kind of a file is told from its bytes."""

import pytest

from amparo.detect.media.model import Kind
from amparo.detect.media.sniff import sniff
from amparo.testing.hostile import encoded, photograph_like

WRITTEN = {
    "JPEG": Kind.JPEG, "PNG": Kind.PNG, "WEBP": Kind.WEBP, "GIF": Kind.GIF, "BMP": Kind.BMP,
    "TIFF": Kind.TIFF, "AVIF": Kind.AVIF, "JPEG2000": Kind.JPEG_2000,
}  # fmt: skip


@pytest.mark.parametrize(("form", "kind"), WRITTEN.items())
def test_every_picture_is_known_by_its_bytes(form: str, kind: Kind) -> None:
    assert sniff(encoded(photograph_like(48, 32), form)) is kind
    assert kind.is_picture


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", Kind.HEIC),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", Kind.AVIF),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", Kind.MP4),
        (b"RIFF\x00\x00\x00\x00AVI LIST", Kind.AVI),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", Kind.UNKNOWN),
        (b"\n <!DOCTYPE HTML><title>x</title>", Kind.HTML),
        (b"\xef\xbb\xbf<html>", Kind.HTML),
        (b"<svg xmlns='x'/>", Kind.SVG),
        (b"%PDF-1.7", Kind.PDF),
        (b"plain words, ni\xc3\xb1o", Kind.TEXT),
        ("ñ".encode() * 3000, Kind.TEXT),
        (b"\x93\xfe\x01 odd", Kind.UNKNOWN),
        (b"", Kind.UNKNOWN),
    ],
)
def test_other_kinds(data: bytes, kind: Kind) -> None:
    assert sniff(data) is kind
