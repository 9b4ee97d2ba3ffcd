"""The age keys that a backup is encrypted to for elsewhere, and decrypted with."""

from collections.abc import Sequence
from pathlib import Path

from pyrage import x25519

from amparo.app.backup.carry import Identities, Recipients
from amparo.core.errors import Invalid, NotFound, Unavailable


def recipients_of(names: Sequence[str]) -> Recipients:
    """From `age1…`. Raises Invalid."""
    return tuple(_recipient(each) for each in names)


def identities_of(file: Path) -> Identities:
    """From a file as age-keygen writes it. Raises NotFound, Invalid, Unavailable."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {str(file)!r}.") from error
    except UnicodeDecodeError as error:
        raise Invalid(f"{file} holds no age key that can be used.") from error
    except OSError as error:
        raise Unavailable(f"{file} cannot be read ({error.strerror}).") from error
    found = [line.strip() for line in lines if line.startswith("AGE-SECRET-KEY-")]
    try:
        identities = tuple(x25519.Identity.from_str(each) for each in found)
    except Exception as error:
        raise Invalid(f"{file} holds no age key that can be used.") from error
    if not identities:
        raise Invalid(f"{file} holds no line that begins with AGE-SECRET-KEY-.")
    return identities


def _recipient(name: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(name)
    except Exception as error:
        raise Invalid(
            "--to wants the public half of an age key, which begins with age1; `age-keygen` prints "
            "one."
        ) from error
