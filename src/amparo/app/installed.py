"""Which of the packages that Amparo names are installed here, by its own metadata."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, version

_FOR_DEVELOPERS = {"bench", "dev"}
_PURPOSES = {
    "bulk": "`amparo bulk`, which scans archives and looks back in them",
    "classify": "the scorer `opennsfw`",
    "demo": "`amparo demo`",
    "video": "looking into videos, of which only the digests are compared without it",
}
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)[^;]*(?:;(.*))?$")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


def missing_parts() -> tuple[str, ...]:
    """What Amparo cannot do without, and is not there."""
    return tuple(name for name, extra in _named() if extra is None and not _is_there(name))


def missing_extras() -> list[str]:
    """Extras of which something is not there."""
    wanting = {
        extra
        for name, extra in _named()
        if extra is not None and extra not in _FOR_DEVELOPERS and not _is_there(name)
    }
    return sorted(wanting)


def told_of(extra: str) -> str:
    """What somebody lacks who has not installed it, and how to."""
    purpose = _PURPOSES.get(extra, "what its name says")
    return f"not the extra {extra!r}, for {purpose} (`pip install 'amparo[{extra}]'`)"


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
