"""`amparo doctor`: whether everything that Amparo relies on works on this machine."""

import platform
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from amparo.interfaces.cli.database import missing_file
from amparo.interfaces.cli.options import leave

if TYPE_CHECKING:
    from amparo.core.settings import Settings

_FAILED = 1


@click.command("doctor", short_help="Check that everything works on this machine.")
def command() -> None:
    """Check that everything works on this machine, and say what to do where it does not.

    \b
    Exit status: 0, or 1 where a check failed. Lines of advice fail nothing; a key with which
    `amparo serve` would not begin does, but for an audit key that another host may have.

    \b
    Example:
      amparo doctor
    """
    from amparo.core.errors import AmparoError

    waiting = list(_CHECKS)
    while waiting:
        name = waiting.pop(0)
        try:
            findings = list(_CHECKS[name]())
        except AmparoError as error:
            click.echo(f"FAILED  {name}: {error.message}")
            if waiting:  # each stands on those before it
                click.echo(f"        Not checked until that is mended: {', '.join(waiting)}.")
            leave(_FAILED)
        click.echo(f"ok      {name}: {'; '.join(findings)}")
    leave(0)


def _service() -> Iterator[str]:
    """What is wrong with the service, where there is one: advice, and what no start survives."""
    from amparo.app.check_up import findings
    from amparo.app.kept_keys import is_audit_key_elsewhere, require_keys
    from amparo.core.clock import SystemClock
    from amparo.core.errors import Unavailable
    from amparo.db import Database
    from amparo.db.version import check_version

    chosen = _settings()
    if missing_file() is not None:
        yield "none yet; `amparo serve` begins one"
        return
    with Database(chosen.database) as database:
        try:
            check_version(database)
        except Unavailable as error:
            if error.code != "database.outdated":
                raise
            yield f"the database answers; {error.message}"
            return
        advice = list(findings(chosen, database, SystemClock()))
        if is_audit_key_elsewhere(chosen, database):
            advice.append(
                f"The audit key {chosen.audit_key} is not on this host: `amparo serve` would not "
                "begin here without it; `amparo api` and `amparo worker` do not need it."
            )
        for each in advice:
            click.echo(f"advice  {each}")
        require_keys(chosen, database)
    yield f"the database answers; {len(advice) or 'no'} pieces of advice"


def _python() -> Iterator[str]:
    from amparo import __version__

    yield f"Amparo {__version__}, Python {platform.python_version()}, {sys.platform}"


def _parts() -> Iterator[str]:
    """What is installed with Amparo and what may be beside it."""
    from amparo.app.installed import missing_extras, missing_parts, told_of
    from amparo.core.errors import Unavailable

    if missing := missing_parts():
        raise Unavailable(
            f"{', '.join(missing)} is not installed, though Amparo needs it; install Amparo again "
            "with its dependencies"
        )
    yield "all that Amparo needs is installed"
    yield from map(told_of, missing_extras())


def _settings() -> "Settings":
    from amparo.core.settings import settings

    return settings()


def _understood() -> Iterator[str]:
    """Whether the environment and the file of settings can be used."""
    _settings()
    yield "understood"


def _home() -> Iterator[str]:
    from amparo.app.compiled import kernel_folder

    kernel_folder(_settings().home)
    yield f"data in {_settings().home}"


def _kernels() -> Iterator[str]:
    from amparo.app.compiled import ensure_compiled
    from amparo.interfaces.cli.options import announce

    ensure_compiled(_settings().home, announce)
    yield "compiled for this processor"


def _decoders() -> Iterator[str]:
    from PIL import features

    from amparo.core.errors import Unavailable

    wanted = {"webp": "WebP", "avif": "AVIF", "jpg_2000": "JPEG 2000", "libtiff": "TIFF"}
    missing = [name for feature, name in wanted.items() if not features.check(feature)]
    if missing:
        raise Unavailable(
            f"this Pillow cannot read {', '.join(missing)}; install Pillow from its own wheels"
        )
    yield "JPEG, PNG, GIF, BMP, HEIC, " + ", ".join(wanted.values())


def _videos() -> Iterator[str]:
    """Which containers are read; without the extra that is no fault."""
    from amparo.app.installed import told_of
    from amparo.detect.media.film import has_library

    if has_library():
        yield "MP4, QuickTime, WebM, Matroska, AVI, MPEG, FLV, ASF, Ogg"
    else:
        yield told_of("video")


def _sandbox() -> Iterator[str]:
    from amparo.app.sandbox import limits_of, open_sandbox
    from amparo.app.self_test import check_sandbox

    with open_sandbox(_settings()) as sandbox:
        yield check_sandbox(sandbox, limits_of(_settings()))


def _scorers() -> Iterator[str]:
    """Loads each scorer that the settings name, and lets it see nothing yet."""
    from amparo.app.score_upload import loaded_scorers

    yield ", ".join(loaded_scorers(_settings())) or "none (AMPARO_SCORERS)"


_CHECKS: dict[str, Callable[[], Iterator[str]]] = {
    "program": _python,
    "parts": _parts,
    "settings": _understood,
    "folder": _home,
    "kernels": _kernels,
    "pictures": _decoders,
    "videos": _videos,
    "sandbox": _sandbox,
    "scorers": _scorers,
    "service": _service,
}
