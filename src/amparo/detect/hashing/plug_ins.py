"""The hash types that the operator has plugged in, and what an algorithm's name stands for."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from amparo.core.errors import Invalid
from amparo.core.plug_in_files import load_from
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
    return checked(load_from(path, "HASH_TYPE", setting="AMPARO_HASH_TYPES"), str(path))
