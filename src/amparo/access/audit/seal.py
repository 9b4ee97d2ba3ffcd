"""The sealer: chains entries behind those who write them, and signs what the chain came to."""

import threading
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import bindparam, insert, select, update

from amparo.access.audit.chain import Head, statement
from amparo.access.audit.checkpoint import line_of
from amparo.access.audit.tables import CheckpointRow, EntryRow
from amparo.core.clock import Clock
from amparo.core.errors import Unavailable
from amparo.db import Database, Work

ENTRIES_AT_A_TIME = 1000
EVERY_S = 1.0

_LOCK = 0x414D5041_01  # one sealer for a database, whatever its hosts
_log = structlog.get_logger(__name__)


class Sealer:
    """Seals the entries of a database; any number may run, one at a time does anything."""

    def __init__(
        self,
        database: Database,
        key: Ed25519PrivateKey,
        clock: Clock,
        *,
        witness: Path | None = None,
    ) -> None:
        """`witness` is a file, best on another machine, to which each checkpoint is appended."""
        self._database = database
        self._key = key
        self._clock = clock
        self._witness = witness

    def run(self, stop: threading.Event) -> None:
        """Seal every second until `stop`."""
        failing = ""
        while not stop.wait(EVERY_S):
            try:
                while self.step() == ENTRIES_AT_A_TIME:
                    pass
            except Exception as error:  # noqa: BLE001 (it must outlive whatever happens)
                if failing != repr(error):
                    _log.error("The audit trail cannot be sealed.", exc_info=error)
                failing = repr(error)
            else:
                failing = ""

    def step(self) -> int:
        """Chain the entries that are not yet, as many as fit; how many. Raises Unavailable."""
        with self._database.work() as work:
            if not self._database.alone(work, _LOCK):
                return 0
            entries = work.execute(
                select(EntryRow.__table__)
                .where(EntryRow.position.is_(None))
                .order_by(EntryRow.id)
                .limit(ENTRIES_AT_A_TIME)
            ).mappings()
            head = newest_head(work)
            sealed = []
            for entry in entries:
                head = head.after(dict(entry))
                sealed.append(
                    {"entry": entry["id"], "at_position": head.position, "chained": head.digest}
                )
            if not sealed:
                return 0
            self._write(work, head, sealed)
        return len(sealed)

    def _write(self, work: Work, head: Head, sealed: list[dict[str, object]]) -> None:
        table = EntryRow.__table__
        work.execute(
            update(table)  # type: ignore[arg-type]  # a table, though it may be less
            .where(table.c.id == bindparam("entry"))
            .values(position=bindparam("at_position"), digest=bindparam("chained")),
            sealed,
        )
        now = self._clock.now()
        signature = self._key.sign(statement(head.position, now, head.digest, head.root))
        work.execute(
            insert(CheckpointRow).values(
                position=head.position,
                at=now,
                digest=head.digest,
                root=head.root,
                peaks=[peak.hex() for peak in head.peaks],
                signature=signature,
            )
        )
        if self._witness is not None:
            line = line_of(head.position, now, head.digest, head.root, signature)
            # Before the commit: the witness may know of more than is on record, never of less.
            append(self._witness, line)


def append(witness: Path, line: str) -> None:
    """Have a witness file end with a line. Raises Unavailable."""
    try:
        with witness.open("a", encoding="ascii") as file:
            file.write(line)
    except OSError as error:
        raise Unavailable(
            f"The witness file {witness} cannot be written ({error.strerror or error}), so the "
            "audit trail cannot be sealed; mend that, or change AMPARO_AUDIT_WITNESS_FILE."
        ) from error


def newest_head(work: Work) -> Head:
    """What the last checkpoint says that the chain came to."""
    row = work.execute(
        select(CheckpointRow.position, CheckpointRow.digest, CheckpointRow.peaks)
        .order_by(CheckpointRow.position.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return Head()
    return Head(row.position, row.digest, tuple(bytes.fromhex(peak) for peak in row.peaks))
