"""Which of the packages that Amparo names are installed here, by its own metadata."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, version

_FOR_DEVELOPERS = {"bench", "dev"}
_PURPOSES = {"demo": "`amparo demo`", "classify": "the scorer `opennsfw`"}
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)[^;]*(?:;(.*))?$")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


def missing_parts() -> tuple[str, ...]:
    """What Amparo cannot do without, and is not there."""
    return tuple(name for name, extra in _named() if extra is None and not _is_there(name))


def missing_extras() -> dict[str, str]:
    """Extras of which something is not there, with what each is for."""
    wanting = {
        extra
        for name, extra in _named()
        if extra is not None and extra not in _FOR_DEVELOPERS and not _is_there(name)
    }
    return {each: _PURPOSES.get(each, "what its name says") for each in sorted(wanting)}


def _named() -> Iterator[tuple[str, str | None]]:
    """Each package and the extra that it belongs to; nothing where Amparo is not installed."""
    try:
        lines = distribution("amparo").requires or []
    except PackageNotFoundError:
        return
    for line in lines:
        found = _REQUIREMENT.match(line)
        if found is None or found[1] == "amparo":
            continue
        extra = _EXTRA.search(found[2] or "")
        yield found[1], extra[1] if extra else None


def _is_there(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
