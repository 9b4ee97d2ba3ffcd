"""Which list is which bank: a bank is a list by its name in capitals.

Of two lists that would be one bank, the older is; the other is none, until one is renamed.
"""

import re
from collections.abc import Iterable
from typing import Protocol, TypeVar

from amparo.access.model import Actor
from amparo.core.errors import Invalid, NotFound
from amparo.db import Work
from amparo.detect.lists.model import SignalList
from amparo.detect.lists.store import Lists

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,98}")


class Named(Protocol):
    """A list, in the database or on this host."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def number(self) -> int:
        """The lower, the older it is."""


N = TypeVar("N", bound=Named)


def bank_name_of(list_name: str) -> str:
    """The name of a list as a bank."""
    return re.sub(r"[^A-Z0-9_]", "_", list_name.upper())


def list_name_of(bank: str) -> str:
    """What a new bank's list is called. Raises Invalid."""
    if not _NAME.fullmatch(bank):
        raise Invalid(
            "Bank names must be UPPER_WITH_UNDERSCORE: capitals, digits and '_', 99 at most, "
            "beginning with a capital."
        )
    return bank.lower()


def banks_of(lists: Iterable[N]) -> dict[str, N]:
    """The lists by the banks that they are, by name."""
    banks: dict[str, N] = {}
    for each in sorted(lists, key=lambda one: one.number):
        banks.setdefault(bank_name_of(each.name), each)
    return dict(sorted(banks.items()))


def find_bank(work: Work, bank: str, actor: Actor) -> SignalList:
    """The list that is the bank. Raises NotFound."""
    found = banks_of(Lists(work).all(actor.organisation_id)).get(bank)
    if found is None:
        raise NotFound("bank not found")
    return found
