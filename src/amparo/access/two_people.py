"""What takes two people: who counts as one of them, and what one may do alone after a delay.

Only somebody who has signed in is known to be one person and no other: a key may be in anybody's
hands, and so may a machine's shell, whose accounts can be changed at will by whoever runs it.
"""

from datetime import datetime
from enum import StrEnum

from amparo.access.model import Actor
from amparo.access.solo import require_wait, solo_of
from amparo.core.errors import Denied
from amparo.db import Work


class Agreement(StrEnum):
    """What comes of somebody's confirming what was proposed."""

    TWO = "two"
    """Two people have agreed."""

    ALONE = "alone"
    """One has, after the delay, and another address of theirs was told."""

    FIRST = "first"
    """The first person stands by it; a second one is still wanted."""


def agreement(work: Work, actor: Actor, proposed_by: str, subject: str, now: datetime) -> Agreement:
    """What it comes to when `actor` confirms. Raises Denied where it comes to nothing."""
    if actor.is_person and is_person(proposed_by) and proposed_by != actor.name:
        return Agreement.TWO
    is_key = actor.name.startswith("key:")
    if not is_key and solo_of(work, actor.organisation_id) is not None:
        require_wait(work, actor.organisation_id, subject, now)
        return Agreement.ALONE
    if not actor.is_person:
        raise Denied(
            f"A {'key' if is_key else 'shell'} is no person: sign in to confirm this, in a "
            "browser or by `amparo lists confirm --as EMAIL`.",
            code="not_a_person",
        )
    if not is_person(proposed_by):
        return Agreement.FIRST
    raise Denied(
        "This takes two people: somebody else than who proposed it must confirm it.",
        code="second_person",
    )


def is_person(name: str) -> bool:
    """Whether the actor of this name has signed in."""
    return name.startswith("person:")
