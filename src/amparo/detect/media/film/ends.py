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
_OGG_LAST_PAGE = 0x04


def is_cut_off(data: bytes, kind: Kind) -> bool:
    """Whether the end is missing."""
    claimed_end = _CLAIMED_ENDS.get(kind)
    return claimed_end is not None and claimed_end(data) > len(data)


def _matroska(data: bytes) -> int:
    """The end of the segment, where its head says how long it is."""
    head_bytes, head = _size(data, 4)
    at = head + head_bytes
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
    """The end of the first RIFF, of which there may be others behind it."""
    return 8 + int.from_bytes(data[4:8], "little")


def _asf(data: bytes) -> int:
    """The size that the file's properties claim; 0 where it was not known when it began."""
    at = data.find(_ASF_FILE_PROPERTIES, _ASF_HEADER_BYTES, 64 * 1024)
    return int.from_bytes(data[at + 40 : at + 48], "little") if at >= 0 else 0


def _flv(data: bytes) -> int:
    """The end of the last tag that begins."""
    at = int.from_bytes(data[5:_FLV_HEADER_BYTES]) + 4
    while at + _FLV_TAG_BYTES <= len(data):
        at += _FLV_TAG_BYTES + int.from_bytes(data[at + 1 : at + 4]) + 4
    return at


def _ogg(data: bytes) -> int:
    """Beyond the file where its last page is not one that a stream ends with."""
    at = data.rfind(b"OggS")
    is_last = at + 5 < len(data) and data[at + 5] & _OGG_LAST_PAGE
    return 0 if is_last else len(data) + 1


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
