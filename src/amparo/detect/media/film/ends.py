"""Whether a file ends before the container in it does, as far as that one says where it ends.

Containers that are streams (MPEG) do not say it.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from amparo.detect.media.model import Kind

_SEGMENT = bytes.fromhex("18538067")
_ASF_HEADER_BYTES = 30
_ASF_FILE_PROPERTIES = bytes.fromhex("A1DCAB8C47A9CF118EE400C00C205365")
_FLV_HEADER_BYTES = 9
_FLV_TAG_BYTES = 11
_FLV_TAGS = (b"\x08", b"\x09", b"\x12")
_OGG_PAGE_BYTES = 27
_ASF_BROADCAST = 1
_UNTOLD = 0xFFFFFFFF
_BETWEEN = (b"\xec", b"\xbf")
"""Matroska's elements that hold nothing, or a checksum."""


def is_cut_off(data: bytes, kind: Kind) -> bool:
    """Whether the end is missing."""
    claimed_end = _CLAIMED_ENDS.get(kind)
    return claimed_end is not None and claimed_end(data) > len(data)


def _matroska(data: bytes) -> int:
    """The end of the segment, where its head says how long it is."""
    head_bytes, head = _size(data, 4)
    at = head + head_bytes
    while data[at : at + 1] in _BETWEEN:
        size, content = _size(data, at + 1)
        at = content + size
    if data[at : at + 4] != _SEGMENT:
        return 0
    size, content = _size(data, at + 4)
    return content + size


def _size(data: bytes, at: int) -> tuple[int, int]:
    """An EBML size and where what it counts begins (RFC 8794, section 4); 0 where it is unknown."""
    first = data[at] if at < len(data) else 0
    if not first:
        return 0, at + 1
    length = 9 - first.bit_length()
    marker = 1 << 7 * length
    size = int.from_bytes(data[at : at + length]) - marker
    return (0 if size == marker - 1 else size), at + length


def _avi(data: bytes) -> int:
    """Of the first RIFF, of which there may be others behind it; some count its head in, too."""
    size = int.from_bytes(data[4:8], "little")
    return 0 if size == _UNTOLD else size


def _asf(data: bytes) -> int:
    """The size that the file's properties claim; 0 where they say that they do not know it."""
    at = data.find(_ASF_FILE_PROPERTIES, _ASF_HEADER_BYTES, 64 * 1024)
    if at < 0 or (data[at + 88 : at + 89] != b"" and data[at + 88] & _ASF_BROADCAST):
        return 0
    return int.from_bytes(data[at + 40 : at + 48], "little")


def _flv(data: bytes) -> int:
    """The end of the last tag that begins."""
    at = end = int.from_bytes(data[5:_FLV_HEADER_BYTES]) + 4
    while data[at : at + 1] in _FLV_TAGS and at + _FLV_TAG_BYTES <= len(data):
        end = at + _FLV_TAG_BYTES + int.from_bytes(data[at + 1 : at + 4])
        at = end + 4
    return end


def _ogg(data: bytes) -> int:
    """The end of the last page that begins."""
    at = data.rfind(b"OggS")
    head = at + _OGG_PAGE_BYTES
    lengths = data[head : head + (data[head - 1] if head <= len(data) else 255)]
    return head + len(lengths) + sum(lengths)


_CLAIMED_ENDS: Mapping[Kind, Callable[[bytes], int]] = MappingProxyType(
    {
        Kind.MATROSKA: _matroska,
        Kind.WEBM: _matroska,
        Kind.AVI: _avi,
        Kind.ASF: _asf,
        Kind.FLV: _flv,
        Kind.OGG: _ogg,
    }
)
"""MP4 and QuickTime are held against their index instead, which names every packet."""
