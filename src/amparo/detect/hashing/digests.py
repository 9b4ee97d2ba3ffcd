"""MD5, SHA-1 and SHA-256 of bytes, all three in one go over them."""

import hashlib
from collections.abc import Iterable

from amparo.core.problems import Problem, ProblemCode
from amparo.detect.hashing.model import Digests, MediaHashes
from amparo.detect.media.sniff import sniff


class Digester:
    """Takes a file's bytes piece by piece."""

    def __init__(self) -> None:
        # The field's lists are exchanged as MD5 and SHA-1; nothing here relies on their strength.
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._sha256 = hashlib.sha256()

    def update(self, piece: bytes) -> None:
        """Add the next piece."""
        self._md5.update(piece)
        self._sha1.update(piece)
        self._sha256.update(piece)

    def digests(self) -> Digests:
        """The digests of all pieces so far."""
        return Digests(self._md5.hexdigest(), self._sha1.hexdigest(), self._sha256.hexdigest())


def digest(data: bytes) -> Digests:
    """The digests of `data`."""
    digester = Digester()
    digester.update(data)
    return digester.digests()


def digests_alone(pieces: Iterable[bytes], size_bytes: int, max_bytes: int) -> MediaHashes:
    """What is told of a file of more than `max_bytes`, read once, a piece at a time."""
    digester = Digester()
    first = b""
    for piece in pieces:
        first = first or piece
        digester.update(piece)
    return MediaHashes(
        kind=sniff(first),
        size_bytes=size_bytes,
        digests=digester.digests(),
        problem=Problem(
            ProblemCode.MEDIA_TOO_LARGE,
            f"The file has {size_bytes} bytes; up to {max_bytes} are decoded "
            "(AMPARO_MAX_FILE_BYTES). Its digests were compared.",
        ),
    )
