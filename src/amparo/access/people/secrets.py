"""The key under which secrets of people are kept, and by which forms are known to be ours."""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from amparo.core.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_KEY_BYTES = 32


class AccessKey:
    """Seals what the database or a browser keeps for us. All hosts have the same."""

    def __init__(self, key: bytes) -> None:
        """`key` is as Fernet writes it. Raises Invalid."""
        try:
            self._secret = base64.b64decode(key, altchars=b"-_", validate=True)
        except binascii.Error as error:
            raise Invalid("The access key is none that can be used.") from error
        if len(self._secret) != _KEY_BYTES:
            raise Invalid("The access key is none that can be used.")
        self._key = key

    @cached_property
    def _fernet(self) -> "Fernet":
        from cryptography.fernet import Fernet  # large, and most processes seal nothing

        return Fernet(self._key)

    def seal(self, data: bytes) -> bytes:
        """Encrypted and authenticated, with the time."""
        return self._fernet.encrypt(data)

    def open(self, sealed: bytes, within_s: int | None = None) -> bytes:
        """What was sealed, within so many seconds if said. Raises Invalid."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed, ttl=within_s)
        except InvalidToken as error:
            raise Invalid(
                "This was not sealed with this installation's access key, or too long ago.",
                code="not_sealed_here",
            ) from error

    def derived(self, purpose: str, text: str) -> bytes:
        """32 bytes that go with the text, and that nobody without the key can tell."""
        key = hmac.digest(self._secret, f"amparo {purpose}".encode(), hashlib.sha256)
        return hmac.digest(key, text.encode(errors="replace"), hashlib.sha256)

    def form_token(self, cookie: str) -> str:
        """What a form must carry that comes from whoever has the cookie."""
        return self.derived("forms", cookie).hex()

    def is_form_token(self, token: str, cookie: str) -> bool:
        """Whether a form carries what it must."""
        return hmac.compare_digest(token.encode(), self.form_token(cookie).encode())


def ensure_access_key(path: Path) -> bool:
    """Make the key where there is none yet; whether it was made. Raises Unavailable."""
    if path.exists():
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        return False
    except OSError as error:
        raise Unavailable(f"The access key cannot be kept in {path} ({error.strerror}).") from error
    return True


def access_key(path: Path) -> AccessKey:
    """The key in a file. Raises Unavailable, Invalid."""
    try:
        return AccessKey(path.read_bytes().strip())
    except OSError as error:
        raise Unavailable(
            f"The access key {path} cannot be read ({error.strerror}); `amparo serve` makes it, "
            "further hosts have a copy."
        ) from error
