"""Files that an operator names and Amparo runs as part of itself: checked, loaded, and asked."""

import importlib.util
import os
from pathlib import Path

from amparo.core.errors import Invalid
from amparo.core.open_folders import OTHERS_WRITE, open_folders


def load_from(path: Path, attribute: str, *, setting: str) -> object:
    """What the file, named by a setting, says in `attribute`. Raises Invalid.

    What is loaded is run: it must belong to root or to this account, and nobody else may be able to
    change it.
    """
    _check_is_ours(path, setting)
    module_name = f"amparo_{attribute.lower()}_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise Invalid(f"{setting}: {path} is no Python file (.py).")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # (a plug-in raises anything)
        raise Invalid(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    if not hasattr(module, attribute):
        raise Invalid(f"{path} has no {attribute}.")
    return getattr(module, attribute)


def _check_is_ours(path: Path, setting: str) -> None:
    """Nobody but the operator may have written it. Raises Invalid."""
    try:
        about, folders = path.stat(), open_folders(path)
    except OSError as error:
        raise Invalid(f"{setting}: {path} cannot be read ({error.strerror}).") from error
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
