"""The hash types that the operator has plugged in, and what an algorithm's name stands for."""

import importlib.util
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from amparo.core.errors import Invalid
from amparo.core.open_folders import OTHERS_WRITE, open_folders
from amparo.core.settings import settings
from amparo.detect.hashing.hash_type import FileHashType, HashType, PixelHashType, checked
from amparo.detect.hashing.model import OWN, Algorithm

_OWN: Mapping[str, Algorithm] = MappingProxyType({each.value: each for each in OWN})


@lru_cache(maxsize=1)
def hash_types() -> Mapping[str, HashType]:
    """Those that AMPARO_HASH_TYPES names, by their names; loaded once a process. Raises Invalid."""
    loaded: dict[str, HashType] = {}
    for path in settings().hash_types:
        found = load(path)
        if found.name in loaded:
            raise Invalid(f"{path}: there is a hash type {found.name!r} already.")
        loaded[found.name] = found
    return MappingProxyType(loaded)


def pixel_hash_types() -> tuple[PixelHashType, ...]:
    """Those that hash in the sandbox."""
    return tuple(each for each in hash_types().values() if isinstance(each, PixelHashType))


def file_hash_types() -> tuple[FileHashType, ...]:
    """Those that ask a service."""
    return tuple(each for each in hash_types().values() if isinstance(each, FileHashType))


def algorithms() -> Iterator[Algorithm]:
    """All that can be looked up here."""
    yield from OWN
    for each in hash_types().values():
        yield Algorithm(each.name, each.width_bytes)


def algorithm(name: str) -> Algorithm:
    """The one of that name. Raises Invalid where it is neither Amparo's nor plugged in."""
    own = _OWN.get(name)
    if own is not None:
        return own
    found = hash_types().get(name)
    if found is None:
        raise Invalid(f"{name!r} is not one of {', '.join(each.value for each in algorithms())}.")
    return Algorithm(found.name, found.width_bytes)


def algorithm_on_record(name: str, width_bytes: int) -> Algorithm:
    """The one that a signal on record has, also where it is not plugged in any more."""
    return _OWN.get(name) or Algorithm(name, width_bytes)


def not_plugged_in(names: Iterable[str]) -> list[str]:
    """Which of the names nothing here can look up, so that their signals find nothing."""
    return sorted(set(names) - _OWN.keys() - hash_types().keys())


def load(path: Path) -> HashType:
    """What a file says in HASH_TYPE. Raises Invalid."""
    _check_is_ours(path)
    spec = importlib.util.spec_from_file_location(f"amparo_hash_type_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise Invalid(f"AMPARO_HASH_TYPES: {path} is no Python file (.py).")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # (a plug-in raises anything)
        raise Invalid(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    if not hasattr(module, "HASH_TYPE"):
        raise Invalid(f"{path} has no HASH_TYPE.")
    return checked(module.HASH_TYPE, str(path))


def _check_is_ours(path: Path) -> None:
    """What is loaded is run: nobody but the operator may have written it. Raises Invalid."""
    try:
        about, folders = path.stat(), open_folders(path)
    except OSError as error:
        raise Invalid(f"AMPARO_HASH_TYPES: {path} cannot be read ({error.strerror}).") from error
    if about.st_mode & OTHERS_WRITE or about.st_uid not in (0, os.getuid()):
        raise Invalid(
            f"{path} is run as part of Amparo, and others may change it: chown it to this account "
            "or to root, and chmod go-w."
        )
    if folders:
        raise Invalid(
            f"{path} is run as part of Amparo, and others may put another file in its place, in "
            f"{folders[0]}: chmod go-w {folders[0]}, or keep it elsewhere."
        )
