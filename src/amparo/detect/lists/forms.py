"""How the value of a signal is written in lists: digits, or a text of which a digest is kept."""

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from amparo.core.errors import Invalid
from amparo.detect.hashing.model import Algorithm
from amparo.detect.hashing.vpdq import vpdq_frames, vpdq_text
from amparo.detect.lists.model import Signal

Read = Callable[[str], tuple[str, str]]
"""The value of a signal in hexadecimal digits, and its text. Raises Invalid."""

_HEXADECIMAL = frozenset("0123456789abcdef")


def read_value(kind: Algorithm, text: str) -> tuple[str, str]:
    """What stands in a list as the value of a signal: its digits in lower case, and its text.

    Raises Invalid, whose words go on from "The value", and which does not repeat it.
    """
    read = _WITH_TEXT.get(kind)
    return (_digits(kind, text), "") if read is None else read(text)


def shown(signal: Signal) -> str:
    """The value of a signal as lists have it."""
    return signal.text or signal.value


def _digits(kind: Algorithm, text: str) -> str:
    value = text.strip().lower()
    if len(value) != kind.digits or not _HEXADECIMAL.issuperset(value):
        raise Invalid(
            f"must be {kind.digits} hexadecimal digits for {kind.value}; "
            f"it has {len(value)} characters"
        )
    return value


def digest_of(text: str) -> str:
    """The digits that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _vpdq(text: str) -> tuple[str, str]:
    written = vpdq_text(vpdq_frames(text))
    return digest_of(written), written


_WITH_TEXT: Mapping[Algorithm, Read] = MappingProxyType({Algorithm.VPDQ: _vpdq})
"""The kinds that are no hash of a fixed number of digits."""
