"""What hostile bytes can make a decoder do, done on purpose: for tests of the sandbox."""

import os

from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.model import MediaHashes, PdqInput
from amparo.detect.media.model import Limits

CRASH = b"this decoder shall crash"
HANG = b"this decoder shall hang"
SWELL = b"this decoder shall take all memory"


def hash_or_fail(
    data: bytes,
    limits: Limits,
    *,
    pdq_input: PdqInput = PdqInput.SEEN,
    with_variants: bool = False,
) -> MediaHashes:
    """`hash_media`, except for the bytes above."""
    if data == CRASH:
        os.abort()
    if data == HANG:
        spin()
    if data == SWELL:
        swell()
    return hash_media(data, limits, pdq_input=pdq_input, with_variants=with_variants)


def spin() -> None:
    """Never come back."""
    while True:
        pass


def swell() -> None:
    """Take memory until there is none."""
    taken = []
    while True:
        taken.append(bytearray(16 * 1024 * 1024))
