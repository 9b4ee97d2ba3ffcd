"""A hash type that Amparo does not bring: a licensed library or service, as one plug-in file.

A plug-in is a Python file with `HASH_TYPE = …`, an instance of `PixelHashType` or `FileHashType`;
the setting AMPARO_HASH_TYPES names it. `amparo.testing.hash_type` has the tests that it must pass.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Invalid
from amparo.detect.hashing.model import MOST_BYTES, OWN

NAME = re.compile(r"[a-z][a-z0-9_]{1,19}")


@dataclass(frozen=True, slots=True, repr=False)
class Hashed:
    """A hash as a type makes it; of a `quality` below 50 it is no evidence, and not looked up."""

    value: bytes
    quality: int = 100

    def __repr__(self) -> str:
        return f"Hashed(quality={self.quality})"


class HashType(ABC):
    """What all hash types say of themselves; a plug-in derives from one of the two below.

    `name` is what lists and answers call it: lower-case letters, digits and `_`. Each of its values
    has `width_bytes`. Two of them tell the same picture where they are at most `radius` apart,
    unless a list has a radius of its own.
    """

    name: str
    width_bytes: int
    radius: int

    @abstractmethod
    def distances(self, query: NDArray[np.uint8], known: NDArray[np.uint8]) -> NDArray[np.integer]:
        """How far `query` uint8[W] lies from each of `known` uint8[N, W]: whole numbers [N].

        By the type's own measure: 0 for equal values, never below, and the same in both directions.
        Called from any thread, for thousands of rows at a time.
        """


class PixelHashType(HashType):
    """A library on this machine. It hashes in the sandbox, where there is no file and no network.

    A library that crashes or hangs costs the file at hand a named error and the hashes of such
    libraries, and nothing else.
    """

    def warm_up(self) -> None:
        """Load whatever `hash_pixels` needs; called once, while files may still be opened."""

    @abstractmethod
    def hash_pixels(self, pixels: NDArray[np.uint8]) -> Hashed | None:
        """The hash of a picture uint8[height, width, 3], RGB, as a person sees it.

        None where it is one that the type has no hash for.
        """


class FileHashType(HashType):
    """A service elsewhere, which is given whole files. It is asked from the serving process.

    Whatever it raises, and no answer within AMPARO_HASH_SECONDS, means that the file has no such
    hash: it says so in `problem`, and people look.
    """

    @abstractmethod
    def hash_file(self, data: bytes, media_type: str) -> Hashed | None:
        """The hash of a file, told what it is by its content; None where it is none of its kind.

        Called from several threads at once.
        """


def checked(found: object, where: str) -> HashType:
    """`found` as a hash type that can be used. Raises Invalid, which says what is wrong with it."""
    if not isinstance(found, PixelHashType | FileHashType):
        raise Invalid(f"{where}: HASH_TYPE is neither a PixelHashType nor a FileHashType.")
    name, width, radius = (getattr(found, each, None) for each in ("name", "width_bytes", "radius"))
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise Invalid(
            f"{where}: a hash type's name has 2 to 20 lower-case letters, digits and '_'."
        )
    if name in {each.value for each in OWN}:
        raise Invalid(f"{where}: {name!r} is a type of Amparo's own.")
    if not isinstance(width, int) or not 1 <= width <= MOST_BYTES:
        raise Invalid(f"{where}: width_bytes of {name!r} must be from 1 to {MOST_BYTES}.")
    if not isinstance(radius, int) or not 0 <= radius < 2**31:
        raise Invalid(f"{where}: the radius of {name!r} must be a whole number from 0.")
    return found
