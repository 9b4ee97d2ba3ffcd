"""The scorers that the operator has named: those that Amparo brings, and plug-in files."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from amparo.core.errors import Invalid
from amparo.core.plug_in_files import load_from
from amparo.core.settings import Settings
from amparo.detect.scoring.scorer import Scorer, checked

SETTING = "AMPARO_SCORERS"
BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        "opennsfw": "amparo.detect.scoring.opennsfw",
        "google-content-safety": "amparo.detect.scoring.google",
        "http": "amparo.detect.scoring.over_http",
    }
)
"""By name the module whose `scorer` makes it; loaded only where it is named."""


def scorers(settings: Settings) -> tuple[Scorer, ...]:
    """Those that AMPARO_SCORERS names, not warmed up yet. Raises Invalid."""
    found: list[Scorer] = []
    for given in settings.scorers:
        one = _built_in(given, settings) if given in BUILT_IN else load(Path(given))
        names = {each.name for each in found}
        labels = {label for each in found for label in each.labels}
        if one.name in names or labels & set(one.labels):
            raise Invalid(f"{SETTING}: {given!r} has a name or a label that another has already.")
        found.append(one)
    return tuple(found)


def labels(settings: Settings) -> frozenset[str]:
    """What the scores are called that uploads here have. Raises Invalid."""
    return frozenset(label for each in scorers(settings) for label in each.labels)


def load(path: Path) -> Scorer:
    """What a file says in SCORER. Raises Invalid."""
    if not path.suffix and not path.exists():
        raise Invalid(
            f"{SETTING}: {str(path)!r} is neither a file nor one of {', '.join(BUILT_IN)}."
        )
    return checked(load_from(path, "SCORER", setting=SETTING), str(path))


def _built_in(name: str, settings: Settings) -> Scorer:
    make: Callable[[Settings], Scorer] = import_module(BUILT_IN[name]).scorer
    return checked(make(settings), f"{SETTING}: {name}")
