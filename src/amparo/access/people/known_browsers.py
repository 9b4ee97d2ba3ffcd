"""Browsers in which somebody has signed in before: attempts elsewhere keep nobody waiting there."""

import hmac
import secrets

from amparo.access.people.secrets import AccessKey

_NAME_BYTES = 16
_MOST_LETTERS = 200


def known_browser(email: str, kept: str, key: AccessKey) -> str | None:
    """The browser's name, where what it keeps was given to it for this account; else None."""
    name, _, proof = kept[:_MOST_LETTERS].partition(".")
    expected = _proof(email, name, key)
    return name if hmac.compare_digest(proof.encode(), expected.encode()) else None


def made_known(email: str, kept: str, key: AccessKey) -> str:
    """What a browser keeps in which somebody has signed in: the same again, or a new name.

    It lets nobody in. Attempts from it are counted by themselves, as few as an account's.
    """
    if known_browser(email, kept, key) is not None:
        return kept
    name = secrets.token_urlsafe(_NAME_BYTES)
    return f"{name}.{_proof(email, name, key)}"


def _proof(email: str, name: str, key: AccessKey) -> str:
    return key.derived("known browsers", f"{name} {email.strip().lower()}").hex()
