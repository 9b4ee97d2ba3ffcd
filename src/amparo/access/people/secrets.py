"""The key under which secrets of people are kept, and by which forms are known to be ours."""

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from amparo.core.errors import Invalid, Unavailable


class AccessKey:
    """Seals what the database or a browser keeps for us. All hosts have the same."""

    def __init__(self, key: bytes) -> None:
        """`key` is as Fernet writes it. Raises Invalid."""
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise Invalid("The access key is none that can be used.") from error
        self._key = key
        self._forms = HKDF(SHA256(), 32, None, b"amparo forms").derive(key)

    def seal(self, data: bytes) -> bytes:
        """Encrypted and authenticated, with the time."""
        return self._fernet.encrypt(data)

    def open(self, sealed: bytes, within_s: int | None = None) -> bytes:
        """What was sealed, within so many seconds if said. Raises Invalid."""
        try:
            return self._fernet.decrypt(sealed, ttl=within_s)
        except InvalidToken as error:
            raise Invalid(
                "This was not sealed with this installation's access key, or too long ago.",
                code="not_sealed_here",
            ) from error

    def derived(self, purpose: str, text: str) -> bytes:
        """32 bytes that go with the text, and that nobody without the key can tell."""
        key = HKDF(SHA256(), 32, None, f"amparo {purpose}".encode()).derive(self._key)
        return hmac.new(key, text.encode(errors="replace"), hashlib.sha256).digest()

    def form_token(self, cookie: str) -> str:
        """What a form must carry that comes from whoever has the cookie."""
        return hmac.new(self._forms, cookie.encode(), hashlib.sha256).hexdigest()

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
            file.write(Fernet.generate_key() + b"\n")
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
