"""A notice's number and secret: neither can be guessed, and the secret is kept nowhere."""

import base64
import hmac
import re
import secrets

from amparo.access.people.secrets import AccessKey
from amparo.core.errors import NotFound

_NUMBER_BYTES = 10
_LETTERS = re.compile(r"[A-Z2-7]{16}")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015]")
"""Spaces, hyphens, and the dashes that programs make of them."""

_NUMBER = re.compile(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}")


def new_number() -> str:
    """80 bits of chance, in letters that can be read aloud."""
    return _grouped(base64.b32encode(secrets.token_bytes(_NUMBER_BYTES)).decode())


def secret_of(number: str, key: AccessKey) -> str:
    """The secret that goes with a number; made from the access key whenever it is needed."""
    return _grouped(base64.b32encode(key.derived("notice", number)[:_NUMBER_BYTES]).decode())


def canonical(typed: str) -> str:
    """A number or secret as it was given, however somebody has copied it by hand.

    What can be neither stays as it is, and is nobody's.
    """
    letters = _BETWEEN.sub("", typed).upper()
    return _grouped(letters) if _LETTERS.fullmatch(letters) else typed


def known_form(typed: str) -> str:
    """The number that somebody has typed. Raises NotFound where it can be no notice's."""
    number = canonical(typed)
    if not _NUMBER.fullmatch(number):
        raise NotFound("There is no such notice.")
    return number


def require_secret(number: str, secret: str, key: AccessKey) -> None:
    """Raises NotFound in the same words whichever of them is wrong; both are canonical."""
    expected = secret_of(number, key)
    same = hmac.compare_digest(secret.encode(), expected.encode())
    if not same or not _NUMBER.fullmatch(number):
        raise NotFound("There is no notice with this number and secret.")


def _grouped(letters: str) -> str:
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
