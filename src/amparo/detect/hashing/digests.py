"""MD5, SHA-1 and SHA-256 of bytes, all three in one go over them."""

import hashlib

from amparo.detect.hashing.model import Digests


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
