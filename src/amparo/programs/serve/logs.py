"""Logs as JSON lines on standard error, each with the number of its request."""

import logging
import os
import sys
from contextlib import suppress

import structlog

_STANDARD_ERROR = 2


class _Lines:
    """Standard error, a line a write. A line that is not taken is lost, and nothing else is.

    Where logs go to a file on a disk that is full, deciding goes on.
    """

    def msg(self, line: str) -> None:
        """Write it."""
        with suppress(OSError):
            os.write(_STANDARD_ERROR, f"{line}\n".encode(errors="backslashreplace"))

    debug = info = warning = error = critical = msg


def set_up_logs() -> None:
    """For our own lines and for those of libraries."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        logger_factory=lambda *_: _Lines(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processor=structlog.processors.JSONRenderer()
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
