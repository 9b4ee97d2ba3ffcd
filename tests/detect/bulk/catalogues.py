"""Catalogues for tests, made from hashes without any media."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from amparo.detect.bulk.catalogue import Catalogue, PartName
from amparo.detect.bulk.model import Item, fingerprint
from amparo.detect.bulk.place import FolderPlace
from amparo.detect.bulk.rows import Row, part_of
from amparo.detect.hashing.digests import digest
from amparo.detect.hashing.model import MediaHashes, PictureHash, Variant
from amparo.detect.media.model import Kind
from tests.databases import NOW

SOURCE = "s3://archive"


def hashes(key: str, *values: bytes, quality: int = 100) -> MediaHashes:
    """Of a file whose bytes are its key; each value is a frame of it, with one more variant."""
    pictures = tuple(
        PictureHash(
            frame, value, quality,
            (Variant("original", value, quality), Variant("flipx", value[::-1], quality)),
        )
        for frame, value in enumerate(values)
    )  # fmt: skip
    return MediaHashes(Kind.JPEG, len(key), digest(key.encode()), pictures)


def a_catalogue(folder: Path) -> Catalogue:
    """An empty one."""
    return Catalogue.made(FolderPlace(folder), NOW)


def add(
    catalogue: Catalogue,
    objects: Sequence[tuple[str, MediaHashes]],
    *,
    generation: int = 1,
    number: int = 1,
    replaces: bool = False,
) -> str:
    """Add a part with these objects; its name."""
    items = [Item(key, found.size_bytes, f"e{generation}", NOW, replaces=replaces)
             for key, found in objects]  # fmt: skip
    rows = [
        Row(item, fingerprint(SOURCE, item), found, None, NOW)
        for item, (_, found) in zip(items, objects, strict=True)
    ]
    part = str(PartName(generation, number, "run", replaces))
    catalogue.publish(part, part_of(rows, SOURCE, "test"))
    return part


def value(chance: np.random.Generator) -> bytes:
    """A hash like no other."""
    return chance.integers(0, 256, 32, np.uint8).tobytes()


CHANCE_VALUES = [value(np.random.default_rng(seed)) for seed in range(4)]
"""Some that lie far from each other."""


def altered(of: bytes, bits: int) -> bytes:
    """The hash with its first bits turned over."""
    number = int.from_bytes(of, "big") ^ ((1 << bits) - 1)
    return number.to_bytes(32, "big")
