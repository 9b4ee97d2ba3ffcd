"""What a negative list must have, since it takes consequences away: little width, reason, end."""

from collections.abc import Iterable

from amparo.core.errors import Invalid
from amparo.detect.hashing.model import OWN, WRITTEN
from amparo.detect.lists.model import ListKind, NewList, Signal

WIDEST_RADIUS_BITS = 31
RADIUS_BITS = 10
"""The widest of a negative list: a picture saved again differs by less, another one by more."""


def radius_of(new: NewList) -> int:
    """The radius of a new list in bits. Raises Invalid where it would protect too widely."""
    if new.kind is ListKind.NEGATIVE and new.radii:
        raise Invalid("A negative list has no signals of plugged-in hash types, and no radii.")
    widest = RADIUS_BITS if new.kind is ListKind.NEGATIVE else WIDEST_RADIUS_BITS
    wanted = widest if new.radius_bits is None else new.radius_bits
    if wanted > widest:
        raise Invalid(f"A {new.kind.value} list has a radius of {widest} bits at most.")
    return wanted


def check_signals(kind: ListKind, signals: Iterable[Signal]) -> None:
    """Raises Invalid where an entry of a negative list has no reason, or no end."""
    if kind is not ListKind.NEGATIVE:
        return
    for signal in signals:
        if not _is_narrow(signal):
            raise Invalid(
                "A negative list takes PDQ, digests, and what people write: how wide anything else "
                "protects cannot be told."
            )
        if not signal.note.strip() or signal.expires is None:
            raise Invalid(
                "Each signal of a negative list needs a `note` that says why it is harmless, and "
                "`expires`."
            )


def _is_narrow(signal: Signal) -> bool:
    """Whether it can be told how far it protects."""
    kind = signal.algorithm
    return kind in WRITTEN or (kind in OWN and not kind.has_text)
