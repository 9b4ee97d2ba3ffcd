"""What kind of media bytes are, from the bytes: a name can say anything."""

from amparo.detect.media.model import Kind

_AT_START = (
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"GIF87a", Kind.GIF),
    (b"GIF89a", Kind.GIF),
    (b"II*\x00", Kind.TIFF),
    (b"MM\x00*", Kind.TIFF),
    (b"II+\x00", Kind.TIFF),
    (b"MM\x00+", Kind.TIFF),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", Kind.JPEG_2000),
    (b"\xff\x4f\xff\x51", Kind.JPEG_2000),
    (b"\x1a\x45\xdf\xa3", Kind.MATROSKA),
    (b"\x00\x00\x01\xba", Kind.MPEG),
    (b"\x00\x00\x01\xb3", Kind.MPEG_STREAM),
    (b"FLV\x01", Kind.FLV),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", Kind.ASF),
    (b"OggS\x00", Kind.OGG),
    (b"%PDF-", Kind.PDF),
    (b"PK\x03\x04", Kind.ZIP),
    (b"\x1f\x8b", Kind.GZIP),
)

_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})

_RIFF = {b"WEBP": Kind.WEBP, b"AVI ": Kind.AVI}

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)

_QUICKTIME_BEGINNINGS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
"""Of films from before there were brands."""

_MP4_BEGINNINGS = frozenset({b"styp", b"sidx", b"moof", b"uuid", b"emsg", b"prft"})
"""Of pieces of films, and of films with something before their brands."""

_MOVING_BRANDS = (b"iso", b"mp4", b"avc", b"hvc", b"M4", b"3g", b"qt", b"dash", b"f4v", b"MSNV")
"""How the first brand begins of what is a film, whatever else it says that it is like."""

_DOCTYPE = b"\x42\x82"
_DOCTYPE_WITHIN = 64
_TS_PACKET_BYTES = 188

_TAGS = (
    (b"<!doctype html", Kind.HTML),
    (b"<html", Kind.HTML),
    (b"<svg", Kind.SVG),
    (b"<?xml", Kind.XML),
)


def sniff(data: bytes) -> Kind:
    """The kind of `data`, of which the first 4096 bytes are looked at."""
    head = data[:4096]
    for signature, kind in _AT_START:
        if head.startswith(signature):
            return _webm_or_matroska(head) if kind is Kind.MATROSKA else kind
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return Kind.BMP
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], Kind.UNKNOWN)
    if head[4:8] == b"ftyp":
        return _by_brands(head)
    if head[4:8] in _QUICKTIME_BEGINNINGS:
        return Kind.QUICKTIME
    if head[4:8] in _MP4_BEGINNINGS:
        return Kind.MP4
    if _is_transport_stream(head):
        return Kind.MPEG_TS
    return _by_text(head)


def _by_brands(head: bytes) -> Kind:
    """ISO base media: the brands say whether it is a still picture or a film."""
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))]
    if brands[0].startswith(_MOVING_BRANDS):
        return Kind.QUICKTIME if brands[0] == b"qt  " else Kind.MP4
    if _AVIF_BRANDS.intersection(brands):
        return Kind.AVIF
    if _HEIF_BRANDS.intersection(brands):
        return Kind.HEIC
    return Kind.MP4


def _webm_or_matroska(head: bytes) -> Kind:
    """Both begin alike; the header names which."""
    at = head.find(_DOCTYPE, 0, _DOCTYPE_WITHIN)
    return Kind.WEBM if at >= 0 and head[at + 3 : at + 7] == b"webm" else Kind.MATROSKA


def _is_transport_stream(head: bytes) -> bool:
    """Its packets all begin alike; cameras and discs put four bytes of time before each."""
    for packet_bytes, before in ((_TS_PACKET_BYTES, 0), (_TS_PACKET_BYTES + 4, 4)):
        starts = head[before : 5 * packet_bytes : packet_bytes]
        if len(starts) > 1 and not starts.strip(b"\x47"):
            return True
    return False


def _by_text(head: bytes) -> Kind:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for tag, kind in _TAGS:
        if start.startswith(tag):
            return kind
    if b"\x00" in head:
        return Kind.UNKNOWN
    try:
        # The last character may be cut in two by the look at 4096 bytes only.
        head.decode("utf-8", errors="strict" if len(head) < 4096 else "ignore")
    except UnicodeDecodeError:
        return Kind.UNKNOWN
    printable = sum(byte >= 0x20 or byte in b"\t\n\r\f" for byte in head)
    return Kind.TEXT if head and printable == len(head) else Kind.UNKNOWN
