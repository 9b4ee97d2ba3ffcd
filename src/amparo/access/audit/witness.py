"""Tell a witness elsewhere what the chain came to: who holds the key cannot cut the end off then.

A witness is a command of the operator's, which gets the newest checkpoint as a line of JSON on its
standard input, or another Amparo. Those in between need not be told: the newest covers them.
"""

import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlalchemy import select

from amparo.access.audit.checkpoint import Checkpoint, line_of
from amparo.access.audit.tables import CheckpointRow
from amparo.access.audit.telling import note_failed, note_told
from amparo.core.clock import Clock, SystemClock
from amparo.core.errors import AmparoError, Conflict, Unavailable
from amparo.core.seldom import Seldom
from amparo.db import Database, Work

__all__ = ["COMMAND", "Command", "Telling", "Witness", "WitnessCommand", "WitnessRefused",
           "line_of"]  # fmt: skip

EVERY_S = 60.0
LONGEST_S = 30.0
COMMAND = "command"

_log = structlog.get_logger(__name__)
_seldom = Seldom(_log)


class WitnessRefused(Conflict):
    """The witness knows of another trail: this one was rewritten, or somebody else told it."""

    code = "witness_refused"


class Witness(Protocol):
    """Somebody who keeps what the chain came to."""

    @property
    def name(self) -> str:
        """By which an operator knows it."""

    def tell(self, line: str) -> None:
        """Tell it a checkpoint, as `line_of` has it. Raises Unavailable, WitnessRefused."""


class Telling:
    """Has a witness told, now and then, as long as there is something new."""

    def __init__(self, database: Database, witness: Witness, clock: Clock | None = None) -> None:
        self._database = database
        self._witness = witness
        self._clock = clock or SystemClock()
        self._told = b""

    def run(self, stop: threading.Event) -> None:
        """Tell at once and every minute until `stop`, and once more then."""
        ended = False
        while not ended:
            self._try("The witness was not told.")
            ended = stop.wait(EVERY_S)
        self._try("The witness was not told at the end.")

    def step(self) -> bool:
        """Whether there was something new, which it was told. Raises Unavailable, WitnessRefused.

        What it refuses it is not told again, only what comes after.
        """
        with self._database.reading() as work:
            newest = newest_checkpoint(work)
        if newest is None or newest.digest == self._told:
            return False
        try:
            self._witness.tell(newest.line)
        except (Unavailable, WitnessRefused) as error:
            refused = isinstance(error, WitnessRefused)
            if refused:
                self._told = newest.digest
            with self._database.work() as work:
                now = self._clock.now()
                note_failed(work, self._witness.name, error.message, now, refused=refused)
            raise
        self._told = newest.digest
        with self._database.work() as work:
            note_told(work, self._witness.name, newest.position, self._clock.now())
        return True

    def _try(self, what_failed: str) -> None:
        try:
            self.step()
        except WitnessRefused as error:
            _log.error("The witness knows of another trail.", why=error.message)
        except AmparoError as error:
            _seldom.warning(what_failed, why=error.message)
        except Exception as error:  # noqa: BLE001 (it must outlive whatever happens)
            _log.error(what_failed, exc_info=error)


@dataclass(frozen=True, slots=True)
class Command:
    """A command and its arguments, started for each checkpoint."""

    words: Sequence[str]

    @property
    def name(self) -> str:
        """There is one at most."""
        return COMMAND

    def tell(self, line: str) -> None:
        """Raises Unavailable where it fails, or takes too long."""
        try:
            ended = subprocess.run(
                list(self.words), input=line.encode("ascii"), capture_output=True, timeout=LONGEST_S
            )
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"It took longer than {LONGEST_S:.0f} s.") from error
        except OSError as error:
            raise Unavailable(f"It cannot be started ({error.strerror}).") from error
        if ended.returncode:
            said = ended.stderr.decode(errors="replace").strip().splitlines()
            last = said[-1] if said else "it says no more."
            raise Unavailable(f"It ended with status {ended.returncode}: {last}")


class WitnessCommand(Telling):
    """Has a command told."""

    def __init__(
        self, database: Database, command: Sequence[str], clock: Clock | None = None
    ) -> None:
        super().__init__(database, Command(command), clock)


def newest_checkpoint(work: Work) -> Checkpoint | None:
    """The last one on record."""
    row = work.execute(
        select(CheckpointRow.__table__).order_by(CheckpointRow.position.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Checkpoint(row.position, row.at, row.digest, row.root, row.signature)
