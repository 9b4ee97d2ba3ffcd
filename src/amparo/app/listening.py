"""Where this host listens, on record in AMPARO_HOME for as long as it does."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

from amparo.net.guard import is_public

_NAME = "listening.json"


@contextmanager
def listening_noted(home: Path, address: str, port: int) -> Iterator[None]:
    """The note holds within; who dies leaves none behind, since its lock is gone with it."""
    descriptor = _opened(home)
    try:
        if descriptor is not None:
            os.truncate(descriptor, 0)
            os.write(descriptor, json.dumps({"address": address, "port": port}).encode())
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def listens_at(home: Path) -> tuple[str, int] | None:
    """Address and port, None where nobody serves from this folder, or it may not be read."""
    try:
        with open(home / _NAME, encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None  # nobody holds it
    except BlockingIOError:
        with suppress(OSError, ValueError, KeyError):
            noted = json.loads((home / _NAME).read_text(encoding="ascii"))
            return str(noted["address"]), int(noted["port"])
        return None
    except OSError:
        return None


def is_open(address: str) -> bool:
    """Whether more than this machine and a network of one's own may reach it."""
    return ip_address(address).is_unspecified or is_public(address)


def _opened(home: Path) -> int | None:
    """The file, locked; None where another process has it, or nothing can be kept."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(home / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
