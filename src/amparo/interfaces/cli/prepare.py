"""What must be ready before a command touches its first file: settings, kernels, sandbox."""

import sys

import structlog

from amparo.app.compiled import ensure_compiled
from amparo.core.settings import Settings, settings
from amparo.interfaces.cli.options import announce


def prepared(processes: int | None = None) -> Settings:
    """The settings, once the kernels they need are compiled; warnings are for standard error."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    chosen = settings()
    if processes is not None:
        chosen = chosen.model_copy(update={"processes": processes})
    ensure_compiled(chosen.home, announce)
    return chosen
