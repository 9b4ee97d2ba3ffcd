"""Held bytes without a decision are removed, and nothing else ever is."""

import os
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pyrage import x25519
from sqlalchemy import insert

from amparo.app.sweep import ORPHAN_AFTER, Sweep
from amparo.core.ids import OrganisationId
from amparo.db import Database
from amparo.detect.deciding.tables import MediaRow
from amparo.respond.vault import Inbox
from tests.contract.test_keys import Hand

LATER_S = ORPHAN_AFTER.total_seconds() + 60


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "inbox", x25519.Identity.generate().to_public())


def put(inbox: Inbox, hand: Hand) -> str:
    """Something held, written at the time that the clock tells."""
    name = inbox.put(b"an upload")
    os.utime(inbox.path(name), (hand.now().timestamp(),) * 2)
    return name


def decide_on(database: Database, organisation: OrganisationId, name: str, hand: Hand) -> None:
    with database.work() as work:
        work.execute(
            insert(MediaRow).values(
                id=uuid4(), organisation_id=organisation, arrived_at=hand.now(),
                media_type="image/jpeg", size_bytes=9, problem="", held_as=name,
            )
        )  # fmt: skip


def there(inbox: Inbox) -> set[str]:
    return {name for name, _ in inbox.names()}


def test_an_orphan_is_removed_and_what_a_decision_names_is_not(
    database: Database, organisation: OrganisationId, inbox: Inbox
) -> None:
    hand = Hand()
    held, orphan = put(inbox, hand), put(inbox, hand)
    decide_on(database, organisation, held, hand)
    sweep = Sweep(database, inbox, hand)
    assert (sweep.step(), sweep.step()) == (0, 0)
    hand.pass_s(LATER_S)
    assert there(inbox) == {held, orphan}
    assert (sweep.step(), sweep.step()) == (0, 1)
    assert there(inbox) == {held}


def test_a_clock_that_jumps_ahead_costs_no_upload_that_is_being_decided(
    database: Database, organisation: OrganisationId, inbox: Inbox
) -> None:
    hand = Hand()
    sweep = Sweep(database, inbox, hand)
    name = put(inbox, hand)
    hand.pass_s(timedelta(days=1).total_seconds())
    sweep.step()
    decide_on(database, organisation, name, hand)
    sweep.step()
    assert there(inbox) == {name}
