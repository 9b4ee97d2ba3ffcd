"""Bytes of a file come in; its digests and the perceptual hashes of its pictures go out."""

from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.model import (
    Algorithm,
    Digests,
    MediaHashes,
    PdqInput,
    PictureHash,
    Variant,
)

__all__ = [
    "Algorithm",
    "Digests",
    "MediaHashes",
    "PdqInput",
    "PictureHash",
    "Variant",
    "hash_media",
]
