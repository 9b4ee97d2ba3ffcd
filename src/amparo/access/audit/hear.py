"""Hold the trail against what witnesses were told of it, while it is read."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from amparo.access.audit.chain import Head
from amparo.access.audit.checkpoint import Checkpoint, TamperedError, checkpoint_of
from amparo.access.audit.losses import Losses
from amparo.core.errors import Invalid, Unavailable

_TAIL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Told:
    """A checkpoint that a witness was told; `place` is where, or when, it says so."""

    checkpoint: Checkpoint
    place: str


class Testimony:
    """All that was told, by entry."""

    def __init__(self, told: Iterable[Told], key: Ed25519PublicKey, losses: Losses) -> None:
        """Raises TamperedError where something was told that the key has not signed.

        `losses` are asked about whatever is not on record.
        """
        self._losses = losses
        self._by_entry: dict[int, list[Told]] = defaultdict(list)
        self._agreed = 0
        for each in told:
            if not each.checkpoint.is_signed_by(key):
                raise TamperedError(
                    f"What the witness ({each.place}) was told at entry "
                    f"{each.checkpoint.position} is not signed by this key: the trail was sealed "
                    "anew with another key, or the witness was told of another trail."
                )
            self._by_entry[each.checkpoint.position].append(each)

    def hold(self, head: Head) -> None:
        """Raises TamperedError where another chain was told up to here."""
        for each in self._by_entry.pop(head.position, ()):
            if (each.checkpoint.digest, each.checkpoint.root) != (head.digest, head.root):
                if self._losses.explain(each.checkpoint):
                    continue
                raise TamperedError(
                    f"What the witness ({each.place}) was told at entry {head.position} is not on "
                    f"record: something from entry {self._agreed + 1} to {head.position} was "
                    f"rewritten.{self._losses.why_not}"
                )
            self._agreed = head.position

    def end(self, last: int) -> None:
        """Raises TamperedError where entries were told that come behind the last."""
        for each in (each for found in self._by_entry.values() for each in found):
            if not self._losses.explain(each.checkpoint):
                raise TamperedError(
                    f"The witness ({each.place}) knows of entry {each.checkpoint.position}; the "
                    f"trail ends at {last}.{self._losses.why_not}"
                )


def told_to_file(path: Path) -> Iterator[Told]:
    """What a file of checkpoints holds. Raises Unavailable, Invalid where a line is damaged."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise Unavailable(f"The witness {path} cannot be read ({error.strerror}).") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _damaged(path, number) from error
        if not isinstance(said, dict):
            raise _damaged(path, number)
        try:
            yield Told(checkpoint_of(said), f"line {number}")
        except Invalid as error:
            raise _damaged(path, number) from error


def _damaged(path: Path, number: int) -> Invalid:
    return Invalid(
        f"Line {number} of {path} is no checkpoint: it is damaged, or something else was written "
        "there; compare it with a copy, and verify again without that line.",
        code="witness_unreadable",
    )


def last_told(file: Path) -> int:
    """The last entry that a file of checkpoints knows of, 0 where it knows of none."""
    try:
        with file.open("rb") as opened:
            opened.seek(0, 2)
            opened.seek(max(0, opened.tell() - _TAIL_BYTES))
            lines = opened.read().splitlines()
        return int(json.loads(lines[-1])["position"])
    except (OSError, ValueError, IndexError, KeyError, TypeError):
        return 0
