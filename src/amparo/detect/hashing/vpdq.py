"""vPDQ: a video as a bag of PDQ hashes with their seconds, and how the field writes it down.

The form is that of python-threatexchange: a JSON list of texts `hash,quality,seconds`.
"""

import json
import math
import string
from collections.abc import Iterable
from dataclasses import dataclass

from amparo.core.errors import Invalid
from amparo.detect.hashing.model import MediaHashes

MOST_FRAMES = 10_000
"""Of one video that a list names: more than two hours and a half at one a second."""

LONGEST_TEXT = 1_000_000
"""Characters in which so many frames can be written."""

_HEXADECIMAL = frozenset(string.hexdigits)
_DIGITS = 64
_LONGEST_SECONDS = 1e9


@dataclass(frozen=True, slots=True, repr=False)
class VpdqFrame:
    """One frame: its PDQ hash of 32 bytes, the hash's quality, and when it is shown."""

    value: bytes
    quality: int
    seconds: float

    def __repr__(self) -> str:
        return f"VpdqFrame(quality={self.quality}, seconds={self.seconds:.3f})"


def vpdq_text(frames: Iterable[VpdqFrame]) -> str:
    """The frames as the field writes them, seconds with three decimals."""
    return json.dumps(
        [f"{each.value.hex()},{each.quality},{each.seconds:.3f}" for each in frames],
        separators=(",", ":"),
    )


def vpdq_of(hashes: MediaHashes) -> str:
    """The frames of moving pictures as the field writes them; empty where there are none."""
    frames = [
        VpdqFrame(each.value, each.quality, each.seconds)
        for each in hashes.pictures
        if each.seconds is not None
    ]
    return vpdq_text(frames) if frames else ""


def vpdq_frames(text: str) -> tuple[VpdqFrame, ...]:
    """The frames that a text holds, in their order. Raises Invalid, which does not repeat it."""
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"has more than {LONGEST_TEXT} characters")
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        parts = None
    if not isinstance(parts, list) or not parts:
        raise Invalid('must be a JSON list of "hash,quality,seconds" for vpdq, one for each frame')
    if len(parts) > MOST_FRAMES:
        raise Invalid(f"has {len(parts)} frames; {MOST_FRAMES} are allowed")
    return tuple(_frame(number, part) for number, part in enumerate(parts, 1))


def _frame(number: int, part: object) -> VpdqFrame:
    fields = part.split(",") if isinstance(part, str) else []
    if len(fields) != 3:
        raise Invalid(f'has no "hash,quality,seconds" as frame {number}')
    digits, quality, seconds = (field.strip() for field in fields)
    if len(digits) != _DIGITS or not _HEXADECIMAL.issuperset(digits):
        raise Invalid(f"has a frame {number} whose hash is not {_DIGITS} hexadecimal digits")
    if not (quality.isascii() and quality.isdigit() and len(quality) <= 3 and int(quality) <= 100):
        raise Invalid(f"has a frame {number} whose quality is no whole number from 0 to 100")
    return VpdqFrame(bytes.fromhex(digits), int(quality), _seconds(number, seconds))


def _seconds(number: int, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _LONGEST_SECONDS:
        raise Invalid(f"has a frame {number} whose seconds are no number from 0")
    return seconds
