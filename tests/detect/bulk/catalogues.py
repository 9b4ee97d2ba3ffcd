"""Catalogues for tests, made from hashes without any media."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from amparo.core.problems import Problem
from amparo.detect.bulk.catalogue import Catalogue
from amparo.detect.bulk.model import Item, fingerprint
from amparo.detect.bulk.parts import PartName
from amparo.detect.bulk.place import FolderPlace
from amparo.detect.bulk.rows import Row, part_of
from amparo.detect.hashing.digests import digest
from amparo.detect.hashing.model import MediaHashes, PictureHash, Variant
from amparo.detect.media.model import Kind
from tests.databases import NOW

SOURCE = "s3://archive"


def hashes(key: str, *values: bytes, quality: int = 100, is_video: bool = False) -> MediaHashes:
    """Of a file whose bytes are its key; each value is a frame of it, with one more variant."""
    pictures = tuple(
        PictureHash(
            frame, value, quality,
            (Variant("original", value, quality), Variant("flipx", value[::-1], quality)),
            float(frame) if is_video else None,
        )
        for frame, value in enumerate(values)
    )  # fmt: skip
    return MediaHashes(Kind.JPEG, len(key), digest(key.encode()), pictures)


def a_catalogue(folder: Path) -> Catalogue:
    """An empty one."""
    return Catalogue.made(FolderPlace(folder), NOW)


def an_item(key: str, of: MediaHashes | Problem, state: str, *, replaces: bool = False) -> Item:
    """What a listing says of an object in that state, or that it could not be looked at."""
    if isinstance(of, Problem):
        return Item(key, 0, "", None, of, replaces)
    return Item(key, of.size_bytes, state, NOW, replaces=replaces)


def add(
    catalogue: Catalogue,
    objects: Sequence[tuple[str, MediaHashes | Problem]],
    *,
    generation: int = 1,
    number: int = 1,
    replaces: bool = False,
    state: str = "",
) -> str:
    """Add a part with these objects; its name. Each generation has another state of them."""
    rows = []
    for key, of in objects:
        item = an_item(key, of, state or f"e{generation}", replaces=replaces)
        found = None if isinstance(of, Problem) else of
        rows.append(Row(item, fingerprint(SOURCE, item), found, item.problem, NOW))
    part = str(PartName(generation, number, "run", replaces))
    return catalogue.publish(part, part_of(rows, SOURCE, "test"))


def value(chance: np.random.Generator) -> bytes:
    """A hash like no other."""
    return chance.integers(0, 256, 32, np.uint8).tobytes()


CHANCE_VALUES = [value(np.random.default_rng(seed)) for seed in range(4)]
"""Some that lie far from each other."""


def altered(of: bytes, bits: int) -> bytes:
    """The hash with its first bits turned over."""
    number = int.from_bytes(of, "big") ^ ((1 << bits) - 1)
    return number.to_bytes(32, "big")
