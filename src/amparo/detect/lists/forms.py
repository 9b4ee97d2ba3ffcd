"""How the value of a signal is written in lists: digits, or a text of which a digest is kept."""

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from amparo.core.errors import Invalid
from amparo.detect.hashing.model import NAMES, Algorithm
from amparo.detect.hashing.vpdq import vpdq_frames, vpdq_text
from amparo.detect.lists.model import Signal
from amparo.detect.texts.links import link_host, link_prefix, whole_link
from amparo.detect.texts.names import account, email
from amparo.detect.texts.patterns import checked_pattern
from amparo.detect.texts.phrases import phrase

Read = Callable[[str], tuple[str, str]]
"""The value of a signal in hexadecimal digits, and its text. Raises Invalid."""

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


_WITH_TEXT: Mapping[Algorithm, Read] = MappingProxyType(
    {
        Algorithm.VPDQ: _vpdq,
        Algorithm.URL: _as(whole_link),
        Algorithm.URL_PREFIX: _as(link_prefix),
        Algorithm.URL_HOST: _as(link_host),
        Algorithm.EMAIL: _name_as(email),
        Algorithm.ACCOUNT: _name_as(account),
        Algorithm.KEYWORD: _as(phrase),
        Algorithm.REGEX: _as(checked_pattern),
    }
)
"""The kinds that are no hash of a fixed number of digits."""
