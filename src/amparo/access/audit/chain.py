"""The chain and its tree: digests of entries, and what a number of them comes to.

Each entry's digest covers the one before it. Beside the chain a Merkle tree over the entries is
kept by its peaks alone, the roots of its complete subtrees. Source: RFC 6962, section 2.1.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FIRST = hashlib.sha256(b"amparo audit trail 1").digest()
"""What the first entry's digest covers."""

_LEAF, _NODE = b"\x00", b"\x01"


@dataclass(frozen=True, slots=True)
class Head:
    """The chain up to a position: the last digest, and the peaks of the tree, largest first."""

    position: int = 0
    digest: bytes = FIRST
    peaks: tuple[bytes, ...] = ()

    def after(self, entry: Mapping[str, Any]) -> "Head":
        """With one entry more."""
        written = canonical(entry)
        digest = hashlib.sha256(self.digest + written).digest()
        peaks = [*self.peaks, hashlib.sha256(_LEAF + written).digest()]
        # As adding one carries in a binary number: two subtrees of a size become one of the next.
        carried = self.position
        while carried & 1:
            right, left = peaks.pop(), peaks.pop()
            peaks.append(_node(left, right))
            carried >>= 1
        return Head(self.position + 1, digest, tuple(peaks))

    @property
    def root(self) -> bytes:
        """The root of the tree over all entries until here."""
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1]
        for left in reversed(self.peaks[:-1]):
            root = _node(left, root)
        return root


def canonical(entry: Mapping[str, Any]) -> bytes:
    """An entry as bytes, always the same for the same entry."""
    fields = {
        "id": str(entry["id"]),
        "organisation_id": str(entry["organisation_id"]),
        "at": entry["at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry["actor"],
        "action": entry["action"],
        "subject": entry["subject"],
        "detail": entry["detail"],
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def statement(position: int, at: datetime, digest: bytes, root: bytes) -> bytes:
    """What a checkpoint's signature covers."""
    said: Sequence[object] = (
        "amparo audit checkpoint 1",
        position,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        digest.hex(),
        root.hex(),
    )
    return json.dumps(said, separators=(",", ":")).encode()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()
