"""The key that signs checkpoints: Ed25519, in a file of its own."""

import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from amparo.core.errors import Invalid, Unavailable


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The key in the file, which is made where there is none. Raises Unavailable, Invalid."""
    ensure_signing_key(path)
    return read_key(path)


def ensure_signing_key(path: Path) -> bool:
    """Make a key where there is none; whether it was made. Raises Unavailable, Invalid."""
    try:
        read_key(path)
    except FileNotFoundError:
        return _make(path)
    return False


def existing_signing_key(path: Path) -> Ed25519PrivateKey:
    """The key in the file, where nobody may take a new one for it. Raises Unavailable, Invalid."""
    try:
        return read_key(path)
    except FileNotFoundError as error:
        raise Unavailable(
            f"The audit key {path} is not there; put it there, or name it in AMPARO_AUDIT_KEY_FILE."
        ) from error


def is_signed(key: Ed25519PublicKey, signature: bytes, said: bytes) -> bool:
    """Whether the key's holder has signed it."""
    try:
        key.verify(signature, said)
    except InvalidSignature:
        return False
    return True


def read_key(path: Path) -> Ed25519PrivateKey:
    """The key in the file. Raises FileNotFoundError, Unavailable, Invalid."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unavailable(f"The audit key {path} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise Invalid(f"{path} holds no key that can be used.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Invalid(f"{path} holds another kind of key; it must be Ed25519.")
    return key


def _make(path: Path) -> bool:
    """Whether this process was the one that made it."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        return False
    except OSError as error:
        raise Unavailable(f"The audit key cannot be kept in {path} ({error.strerror}).") from error
    return True
