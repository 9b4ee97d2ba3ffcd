"""An attempt that cannot be made is an attempt: on record, later again, and given up in the end."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import RowMapping, insert, select
from structlog.testing import capture_logs

from amparo.access.people.secrets import AccessKey
from amparo.core.errors import Unavailable
from amparo.core.ids import OrganisationId, new_id
from amparo.db import Database
from amparo.net.post import Poster
from amparo.respond.webhooks.attempt import Sender
from amparo.respond.webhooks.model import BACK_OFF, State
from amparo.respond.webhooks.store import Webhooks
from amparo.respond.webhooks.tables import DeliveryRow
from amparo.respond.webhooks.take import let_go, take_due
from tests.databases import NOW

KEY = AccessKey(Fernet.generate_key())
ANOTHER_KEY = AccessKey(Fernet.generate_key())


class Standing:
    """A clock that stands until somebody sets it."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def secret(database: Database, organisation: OrganisationId) -> str:
    """Of a webhook to which three deliveries are due."""
    with database.work() as work:
        made, secret = Webhooks(work, organisation).add("https://example.org/", [], KEY, NOW)
        for _ in range(3):
            work.execute(
                insert(DeliveryRow).values(
                    id=new_id(), webhook_id=made.id, body="{}", events=1, takes=0, attempts=0,
                    state=State.WAITING.value, written_at=NOW, next_at=NOW,
                )
            )  # fmt: skip
    return secret


def broken(host: str, port: int) -> Sequence[str]:
    raise ValueError("nobody thought of this")


@pytest.fixture(params=["another key", "an unexpected error"])
def sender(request: pytest.FixtureRequest, database: Database) -> Iterator[Sender]:
    """One that can make no attempt."""
    if request.param == "another key":
        yield Sender(database, Poster((), 1), ANOTHER_KEY, Standing(), "worker")
    else:
        yield Sender(database, Poster((), 1, resolve=broken), KEY, Standing(), "worker")


def attempt_what_is_due(sender: Sender) -> int:
    with sender.database.work() as work:
        takes = take_due(work, sender.worker, 16, sender.clock.now())
    for take in takes:
        sender.attempt(take)
    return len(takes)


def deliveries(database: Database) -> Sequence[RowMapping]:
    with database.reading() as work:
        return work.execute(select(DeliveryRow.__table__)).mappings().all()


def test_it_is_on_record_and_made_again_later(
    database: Database, sender: Sender, secret: str
) -> None:
    assert attempt_what_is_due(sender) == 3
    assert attempt_what_is_due(sender) == 0
    for row in deliveries(database):
        assert (row["attempts"], row["next_at"]) == (1, NOW + BACK_OFF[0])
        assert (row["state"], row["taken_by"]) == (State.WAITING.value, None)
        assert "AMPARO_ACCESS_KEY_FILE" in row["last_error"] or "log" in row["last_error"]
        assert secret not in row["last_error"]
        assert "nobody thought" not in row["last_error"]


def test_it_is_given_up_in_the_end(
    database: Database, organisation: OrganisationId, sender: Sender, secret: str
) -> None:
    clock = sender.clock
    assert isinstance(clock, Standing)
    for _ in range(3 * len(BACK_OFF) + 3):  # one at a time while it fails
        attempt_what_is_due(sender)
        clock.at += max(BACK_OFF)
    rows = deliveries(database)
    assert {row["state"] for row in rows} >= {State.DEAD.value}
    assert max(row["attempts"] for row in rows) == len(BACK_OFF) + 1
    with database.reading() as work:
        (webhook,) = Webhooks(work, organisation).all()
    assert webhook.suspended == "It has taken nothing for a day."


def test_it_is_told_once(sender: Sender, secret: str) -> None:
    clock = sender.clock
    assert isinstance(clock, Standing)
    with capture_logs() as lines:
        attempt_what_is_due(sender)
        clock.at += timedelta(hours=1)
        attempt_what_is_due(sender)
    assert Counter(line["event"] for line in lines) == {
        "A webhook cannot be told.": 1,
        "A webhook takes no messages; they are tried again.": 1,
    }
    assert secret not in repr(lines)


def test_a_database_that_is_away_is_no_attempt(
    database: Database, sender: Sender, secret: str
) -> None:
    away = Sender(
        Database("postgresql://nobody@127.0.0.1:1/none"), sender.poster, KEY, sender.clock, "worker"
    )
    with database.work() as work:
        take, *_ = take_due(work, "worker", 16, NOW)
    with away.database, pytest.raises(Unavailable):
        away.attempt(take)
    assert {row["attempts"] for row in deliveries(database)} == {0}


def test_an_outcome_that_comes_late_changes_nothing_of_a_later_take(
    database: Database, secret: str
) -> None:
    """The worker was silent while it sent, and has taken the delivery again since."""
    with database.work() as work:
        first, *_ = take_due(work, "worker", 16, NOW)

    def meanwhile(host: str, port: int) -> Sequence[str]:
        with database.work() as work:
            let_go(work, first, "worker")
            assert first.delivery in {each.delivery for each in take_due(work, "worker", 16, NOW)}
        raise OSError("no such name")

    Sender(database, Poster((), 1, resolve=meanwhile), KEY, Standing(), "worker").attempt(first)
    (row,) = (each for each in deliveries(database) if each["id"] == first.delivery)
    assert (row["attempts"], row["taken_by"], row["takes"]) == (0, "worker", first.number + 1)
