"""The operator's settings as a TOML file, without anything that may be a secret."""

import json
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from amparo.core.settings import Settings

_MAY_HOLD_SECRETS = ("command", "secret", "password", "token")
"""In the names of settings whose values are left out; files that hold secrets are only named."""


def shown(settings: Settings) -> str:
    """All that are not as they are by default; `AMPARO_SETTINGS_FILE` may name such a file."""
    lines = ["# The settings that were in force, without passwords and keys."]
    for name, about in type(settings).model_fields.items():
        value = getattr(settings, name)
        if value == about.default or value in ("", ()):
            continue
        if any(word in name for word in _MAY_HOLD_SECRETS) and not name.endswith("_file"):
            lines.append(f"# {name} is left out, since it may hold a secret: set it again.")
        else:
            lines.append(f"{name} = {_toml(_without_password(value))}")
    return "\n".join(lines) + "\n"


def _without_password(value: object) -> object:
    """A URL without the password and the options in it; anything else as it is."""
    if isinstance(value, str) and "://" in value:
        parts = urlsplit(value)
        user, at, place = parts.netloc.rpartition("@")
        place = f"{user.partition(':')[0]}{at}{place}"
        return urlunsplit((parts.scheme, place, parts.path, "", ""))
    return value


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    assert isinstance(value, (str, Path))
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
