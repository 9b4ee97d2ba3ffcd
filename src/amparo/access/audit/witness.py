"""Tell a witness elsewhere what the chain came to: who holds the key cannot cut the end off then.

The operator names a command; it gets the newest checkpoint as a line of JSON on its standard input.
"""

import json
import subprocess
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select

from amparo.access.audit.tables import CheckpointRow
from amparo.core.errors import Unavailable
from amparo.core.seldom import Seldom
from amparo.db import Database, Work

EVERY_S = 60.0
LONGEST_S = 30.0

_seldom = Seldom(structlog.get_logger(__name__))


def line_of(position: int, at: datetime, digest: bytes, root: bytes, signature: bytes) -> str:
    """A checkpoint as a witness is told it."""
    said = {
        "position": position,
        "at": at.isoformat(),
        "digest": digest.hex(),
        "root": root.hex(),
        "signature": signature.hex(),
    }
    return json.dumps(said) + "\n"


class WitnessCommand:
    """Has a command told, now and then, as long as there is something new."""

    def __init__(self, database: Database, command: Sequence[str]) -> None:
        self._database = database
        self._command = list(command)
        self._told = 0

    def run(self, stop: threading.Event) -> None:
        """Tell at once and every minute until `stop`, and once more then."""
        ended = False
        while not ended:
            try:
                self.step()
            except Unavailable as error:
                _seldom.warning("The witness was not told.", why=error.message)
            ended = stop.wait(EVERY_S)
        try:
            self.step()
        except Unavailable as error:
            _seldom.warning("The witness was not told at the end.", why=error.message)

    def step(self) -> bool:
        """Tell the newest checkpoint, unless it was told; whether one was.

        Raises Unavailable where the command does not end well: it is told the newest later.
        """
        with self._database.reading() as work:
            newest = _newest(work)
        if newest is None or newest.position == self._told:
            return False
        self._tell(
            line_of(newest.position, newest.at, newest.digest, newest.root, newest.signature)
        )
        self._told = newest.position
        return True

    def _tell(self, line: str) -> None:
        try:
            ended = subprocess.run(
                self._command, input=line.encode("ascii"), capture_output=True, timeout=LONGEST_S
            )
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"It took longer than {LONGEST_S:.0f} s.") from error
        except OSError as error:
            raise Unavailable(f"It cannot be started ({error.strerror}).") from error
        if ended.returncode:
            said = ended.stderr.decode(errors="replace").strip().splitlines()
            raise Unavailable(f"It ended with status {ended.returncode}: {' '.join(said[-1:])}")


def _newest(work: Work) -> Any:
    return work.execute(
        select(CheckpointRow.__table__).order_by(CheckpointRow.position.desc()).limit(1)
    ).one_or_none()
