"""Read the whole audit trail, and find whatever was changed, removed, moved or cut since."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, select

from amparo.access.audit.chain import Head, statement
from amparo.access.audit.checkpoint import TamperedError
from amparo.access.audit.hear import Testimony, Told, told_to_file
from amparo.access.audit.losses import Loss, Losses, restores
from amparo.access.audit.signing import is_signed
from amparo.access.audit.tables import CheckpointRow, EntryRow
from amparo.core.clock import Clock, SystemClock
from amparo.db import Database, Work

__all__ = ["OTHER_KEY", "TamperedError", "Verified", "verify"]

OTHER_KEY = "audit.other_key"
"""The code where a checkpoint was changed, or another key signed it."""

_AT_A_TIME = 2000


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read: sealed entries, checkpoints, and entries that wait to be sealed.

    `lost` is what restores have lost that a witness knows of, all of them said to be made.
    """

    entries: int
    checkpoints: int
    waiting: int
    lost: tuple[Loss, ...] = ()


def verify(
    database: Database,
    key: Ed25519PublicKey,
    *,
    witness: Path | Iterable[Told] | None = None,
    restored: Collection[UUID] = (),
    clock: Clock | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Verified:
    """Raises TamperedError at the first thing that is not as it was written.

    Who can write the database and has the key could cut the end off, with its checkpoints: only a
    `witness` tells that, by a file of checkpoints kept elsewhere or by what it was told. What it
    knows of that is not on record is tampering too, unless a restore has lost it whose id is among
    `restored`: see amparo.access.audit.losses for the rule. Raises Unavailable and Invalid where a
    file of checkpoints cannot be read.
    """
    told = told_to_file(witness) if isinstance(witness, Path) else witness or ()
    with database.reading() as work:
        checkpoints = _checkpoints(work, key)
        signed_at = {position: each.at for position, each in checkpoints.items()}
        losses = Losses(restores(work), signed_at, restored, (clock or SystemClock()).now())
        testimony = Testimony(told, key, losses)
        head = Head()
        for entry in _entries(work):
            head = _next(head, entry)
            if (signed := checkpoints.get(head.position)) is not None:
                _compare(head, signed)
            testimony.hold(head)
            if head.position % _AT_A_TIME == 0:
                advance(head.position)
        last = max(checkpoints, default=0)
        if head.position != last:
            raise TamperedError(
                f"The trail ends with entry {head.position}, its checkpoints with {last}: "
                "entries were cut off or put in."
            )
        testimony.end(last)
        waiting = work.execute(select(func.count()).where(EntryRow.position.is_(None))).scalar_one()
    return Verified(head.position, len(checkpoints), waiting, losses.settled())


def _checkpoints(work: Work, key: Ed25519PublicKey) -> dict[int, Any]:
    found = {}
    for row in work.execute(select(CheckpointRow.__table__).order_by(CheckpointRow.position)):
        if not is_signed(key, row.signature, statement(row.position, row.at, row.digest, row.root)):
            raise TamperedError(
                f"Checkpoint {row.position} is not signed by this key.", code=OTHER_KEY
            )
        found[row.position] = row
    return found


def _entries(work: Work) -> Iterator[Any]:
    after = 0
    while True:
        rows = work.execute(
            select(EntryRow.__table__)
            .where(EntryRow.position > after)
            .order_by(EntryRow.position)
            .limit(_AT_A_TIME)
        ).mappings()
        page = list(rows)
        if not page:
            return
        yield from page
        after = page[-1]["position"]


def _next(head: Head, entry: Any) -> Head:
    if entry["position"] != head.position + 1:
        raise TamperedError(
            f"Entry {head.position + 1} is missing; the next is {entry['position']}."
        )
    after = head.after(entry)
    if after.digest != entry["digest"]:
        raise TamperedError(
            f"Entry {after.position} ({entry['id']}, {entry['action']}) is not as it was sealed, "
            "or the one before it."
        )
    return after


def _compare(head: Head, signed: Any) -> None:
    if (head.digest, head.root) != (signed.digest, signed.root):
        raise TamperedError(
            f"Up to entry {head.position} the trail is not the one that was signed."
        )
