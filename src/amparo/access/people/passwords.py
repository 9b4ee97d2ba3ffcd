"""Passwords: long enough, and kept as argon2id hashes."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from amparo.core.errors import Invalid

LEAST_LETTERS = 12
MOST_LETTERS = 500
AT_ONCE, KNOWN_AT_ONCE = 2, 1
"""So many are hashed at once, of strangers and of those whom their browser shows to be known.

Each takes 64 MiB, and many who try must not take all memory.

Whoever lets others ask for it sees to that, without a thread that waits.
"""

_hasher = PasswordHasher()
_nobodys = _hasher.hash("nobody has this password")


def hash_of(password: str, email: str) -> str:
    """What is kept of a password. Raises Invalid where it is too easily guessed."""
    if not LEAST_LETTERS <= len(password) <= MOST_LETTERS:
        raise Invalid(
            f"A password has {LEAST_LETTERS} to {MOST_LETTERS} letters; a sentence does well.",
            code="password_length",
        )
    if len(set(password)) < 5 or len(_without(email, password)) < LEAST_LETTERS:
        raise Invalid(
            "This password is too easily guessed: it repeats few letters, or your address.",
            code="password_weak",
        )
    return _hasher.hash(password)


def _without(email: str, password: str) -> str:
    """What is left of a password without the person's address, or a part of it."""
    left = password.lower()
    for part in (email.lower(), *email.lower().split("@")):
        left = left.replace(part, "")
    return left


def is_right(password: str, kept: str | None) -> bool:
    """Whether it is the one. Where nobody has one, it takes as long and is not."""
    try:
        _hasher.verify(kept or _nobodys, password[: MOST_LETTERS + 1])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None
