"""A file that is whole is never taken for one that is cut off, however odd its head is."""

import pytest

from amparo.detect.media.film.ends import is_cut_off
from amparo.detect.media.model import Kind
from amparo.testing.clips import film, panned

PICTURES = list(panned(1, width=96, height=96))
AVI = film(PICTURES, container="avi", codec="mpeg4")
FLV = film(PICTURES, container="flv", codec="flv")
OGG = film(PICTURES, container="ogg", codec="libvpx", options={"deadline": "realtime"})
ASF = film(PICTURES, container="asf", codec="wmv2")
MKV = film(PICTURES, container="matroska")
PROPERTIES = bytes.fromhex("A1DCAB8C47A9CF118EE400C00C205365")


def with_flags(data: bytes) -> bytes:
    """Broadcast, of which nobody knew how long it would be."""
    at = data.index(PROPERTIES)
    return data[: at + 40] + b"\xff" * 4 + data[at + 44 : at + 88] + b"\x01" + data[at + 89 :]


def with_void(data: bytes) -> bytes:
    """Something that holds nothing between Matroska's head and what follows."""
    at = data.index(bytes.fromhex("18538067"))
    return data[:at] + b"\xec\x82ab" + data[at:]


@pytest.mark.parametrize(
    ("data", "kind"),
    [(AVI, Kind.AVI), (AVI[:4] + b"\xff" * 4 + AVI[8:], Kind.AVI),
     (AVI[:4] + b"\0" * 4 + AVI[8:], Kind.AVI),
     (AVI[:4] + len(AVI).to_bytes(4, "little") + AVI[8:], Kind.AVI), (FLV, Kind.FLV),
     (FLV[:-4], Kind.FLV), (FLV + b"\0" * 13, Kind.FLV), (FLV + b"TAG" + b" " * 125, Kind.FLV),
     (OGG, Kind.OGG), (OGG[: OGG.rindex(b"OggS")], Kind.OGG), (ASF, Kind.ASF),
     (with_flags(ASF), Kind.ASF), (MKV, Kind.MATROSKA), (with_void(MKV), Kind.MATROSKA),
     (b"", Kind.AVI), (b"", Kind.FLV), (b"", Kind.MATROSKA), (b"", Kind.ASF), (b"x", Kind.MPEG)],
)  # fmt: skip
def test_a_whole_file_is_whole(data: bytes, kind: Kind) -> None:
    assert not is_cut_off(data, kind) or not data


@pytest.mark.parametrize(
    ("data", "kind"),
    [(AVI, Kind.AVI), (FLV, Kind.FLV), (OGG, Kind.OGG), (ASF, Kind.ASF), (MKV, Kind.MATROSKA),
     (with_void(MKV), Kind.MATROSKA)],
)  # fmt: skip
def test_a_file_that_lost_its_last_bytes_is_cut_off(data: bytes, kind: Kind) -> None:
    assert is_cut_off(data[:-45], kind)
