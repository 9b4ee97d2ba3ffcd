"""The age key of the vault: those who receive uploads need its public half alone."""

import os
from pathlib import Path

import pyrage
from pyrage import x25519

from amparo.core.errors import Invalid, Unavailable


def ensure_key(path: Path) -> bool:
    """Make the key where there is none yet; whether it was made. Raises Unavailable."""
    if path.exists():
        return False
    identity = x25519.Identity.generate()
    text = f"# public key: {identity.to_public()}\n{identity}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        return False
    except OSError as error:
        raise Unavailable(
            f"The vault's key cannot be kept in {path} ({error.strerror})."
        ) from error
    return True


def recipient_of(path: Path) -> x25519.Recipient:
    """The public half of the key in a file as age-keygen writes it. Raises Unavailable, Invalid."""
    return _identity(path).to_public()


def opens(path: Path, encrypted: bytes) -> bool:
    """Whether the key in the file opens what was encrypted. Raises Unavailable, Invalid."""
    identity = _identity(path)
    try:
        pyrage.decrypt(encrypted, [identity])
    except pyrage.DecryptError:
        return False
    return True


def _identity(path: Path) -> x25519.Identity:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Unavailable(f"The vault's key {path} cannot be read ({error.strerror}).") from error
    for line in lines:
        if line.startswith("AGE-SECRET-KEY-"):
            try:
                return x25519.Identity.from_str(line.strip())
            except Exception as error:
                raise Invalid(f"{path} holds no age key that can be used.") from error
    raise Invalid(f"{path} holds no line that begins with AGE-SECRET-KEY-.")
