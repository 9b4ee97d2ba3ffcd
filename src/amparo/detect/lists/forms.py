"""How the value of a signal is written in lists: digits, or a text of which a digest is kept."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Invalid
from amparo.detect.hashing.model import NAMES, USABLE_QUALITY, Algorithm
from amparo.detect.hashing.vpdq import vpdq_frames, vpdq_text
from amparo.detect.lists.model import Signal
from amparo.detect.texts.links import link_host, link_prefix, whole_link
from amparo.detect.texts.names import account, email
from amparo.detect.texts.patterns import checked_pattern

Read = Callable[[str], tuple[str, str]]
"""The value of a signal in hexadecimal digits, and its text. Raises Invalid."""

PRUNED_BITS = 6
"""Successive frames that differ by no more are one, as vPDQ's definition allows."""

KEYED = "hmac-sha256:"
"""How a name is written of which this installation keeps a keyed digest alone."""

_HEXADECIMAL = frozenset("0123456789abcdef")


def read_value(kind: Algorithm, text: str) -> tuple[str, str]:
    """What stands in a list as the value of a signal: its digits in lower case, and its text.

    Raises Invalid, whose words go on from "The value", and which does not repeat it.
    """
    read = _WITH_TEXT.get(kind)
    return (_digits(kind, text), "") if read is None else read(text)


def shown(signal: Signal) -> str:
    """The value of a signal as lists have it."""
    if signal.algorithm in NAMES and not signal.text:
        return KEYED + signal.value
    return signal.text or signal.value


def index_kind(kind: Algorithm) -> str:
    """What an index calls signals of a kind: a video is found by its frames, as pictures are."""
    return Algorithm.PDQ.value if kind == Algorithm.VPDQ else kind.value


def index_values(signals: Sequence[Signal]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The values uint8[N, W] of signals that an index calls alike, and int64[S] how many of each.

    Of a video these are its frames, so far as they are good enough to be evidence, and without
    those that hardly differ from the one before: of a still of an hour one is enough.
    """
    if not any(signal.algorithm == Algorithm.VPDQ for signal in signals):
        joined = bytes.fromhex("".join(signal.value for signal in signals))
        values = np.frombuffer(joined, np.uint8).reshape(len(signals), -1)
        return values.copy(), np.ones(len(signals), np.int64)
    parts = [_frames(signal) for signal in signals]
    counts = np.array([len(part) // Algorithm.PDQ.width_bytes for part in parts], np.int64)
    values = np.frombuffer(b"".join(parts), np.uint8).reshape(-1, Algorithm.PDQ.width_bytes)
    return values.copy(), counts


def _frames(signal: Signal) -> bytes:
    if signal.algorithm != Algorithm.VPDQ:
        return bytes.fromhex(signal.value)
    kept: dict[bytes, None] = {}
    last: int | None = None
    for each in vpdq_frames(signal.text):
        value = int.from_bytes(each.value)
        if each.quality < USABLE_QUALITY:
            continue
        if last is None or (value ^ last).bit_count() > PRUNED_BITS:
            kept[each.value] = None
            last = value
    return b"".join(kept)


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


def _as(form: Callable[[str], str]) -> Read:
    """By the digest of its one form."""

    def read(text: str) -> tuple[str, str]:
        written = form(text)
        return digest_of(written), written

    return read


def _name_as(form: Callable[[str], str]) -> Read:
    """The same, or a keyed digest that this installation has written; that has no text."""
    in_clear = _as(form)

    def read(text: str) -> tuple[str, str]:
        digits = text.removeprefix(KEYED)
        if digits == text:
            return in_clear(text)
        if len(digits) != 64 or not _HEXADECIMAL.issuperset(digits):
            raise Invalid(f"must have 64 hexadecimal digits behind {KEYED}")
        return digits, ""

    return read


def _keyword(text: str) -> str:
    """Folded by a kernel, which is not loaded where lists are only shown."""
    from amparo.detect.texts.phrases import phrase

    return phrase(text)


_WITH_TEXT: Mapping[Algorithm, Read] = MappingProxyType(
    {
        Algorithm.VPDQ: _vpdq,
        Algorithm.URL: _as(whole_link),
        Algorithm.URL_PREFIX: _as(link_prefix),
        Algorithm.URL_HOST: _as(link_host),
        Algorithm.EMAIL: _name_as(email),
        Algorithm.ACCOUNT: _name_as(account),
        Algorithm.KEYWORD: _as(_keyword),
        Algorithm.REGEX: _as(checked_pattern),
    }
)
"""The kinds that are no hash of a fixed number of digits."""
