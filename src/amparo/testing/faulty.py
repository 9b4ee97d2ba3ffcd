"""What hostile bytes can make a decoder do, done on purpose: for tests of the sandbox."""

import math
import os
import resource
import threading
import time
from collections.abc import Iterator

from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.model import MediaHashes, PdqInput
from amparo.detect.media.model import Limits

CRASH = b"this decoder shall crash"
HANG = b"this decoder shall hang"
SWELL = b"this decoder shall take all memory and swell"
NEVER_ANSWER = b"this decoder shall wait"
LIE = b"this decoder shall write an answer of its own and lie"
SHOUT = b"this decoder shall claim a message of endless length and shout"
BREAK = b"this decoder shall find an error of ours and break"

_CHANNEL = 3
"""A worker's only descriptor."""


def hash_or_fail(
    data: bytes,
    limits: Limits,
    *,
    pdq_input: PdqInput = PdqInput.SEEN,
    with_variants: bool = False,
    with_others: bool = True,
) -> MediaHashes:
    """`hash_media`, except for the bytes above."""
    if data in _FAULTS:
        _FAULTS[data]()
    return hash_media(
        data, limits, pdq_input=pdq_input, with_variants=with_variants, with_others=with_others
    )


def parts_or_fail(parts: int, fault: bytes = b"", seconds: float = 0) -> Iterator[int]:
    """So many parts, each after so much processor time, and then what shall go wrong."""
    for part in range(parts):
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass
        yield part
    if fault:
        _FAULTS[fault]()


def limits_left() -> dict[str, int]:
    """What this worker may still take: seconds of processor time, bytes of a file, …."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    return {
        "seconds": math.ceil(resource.getrlimit(resource.RLIMIT_CPU)[0] - used),
        "file": resource.getrlimit(resource.RLIMIT_FSIZE)[1],
        "core": resource.getrlimit(resource.RLIMIT_CORE)[1],
        "descriptors": resource.getrlimit(resource.RLIMIT_NOFILE)[1],
    }


def process_unless_used() -> int:
    """The worker's number; one that was asked before is in ruins, and crashes."""
    if _used:
        os.abort()
    _used.append(True)
    return os.getpid()


_used: list[bool] = []


def spin() -> None:
    """Never come back."""
    while True:
        pass


def swell() -> None:
    """Take memory until there is none."""
    taken = []
    while True:
        taken.append(bytearray(16 * 1024 * 1024))


def wait() -> None:
    """Never come back, and take no time of any processor."""
    threading.Event().wait()


def lie() -> None:
    """Answer what is not true, as a decoder that was taken over could."""
    answer = b'{"kind": "image/jpeg", "quality": "everything"}'
    os.write(_CHANNEL, b"a" + len(answer).to_bytes(8, "big") + answer)
    wait()


def shout() -> None:
    """Announce an answer that no memory would hold."""
    os.write(_CHANNEL, b"a" + (1 << 62).to_bytes(8, "big"))
    wait()


def stumble() -> None:
    """An error of Amparo's own."""
    raise ZeroDivisionError


_FAULTS = {
    CRASH: os.abort,
    HANG: spin,
    SWELL: swell,
    NEVER_ANSWER: wait,
    LIE: lie,
    SHOUT: shout,
    BREAK: stumble,
}
