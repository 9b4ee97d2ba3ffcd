"""The command by which an operator has a platform told, and sees whether it is."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import update

from amparo.access.people.secrets import AccessKey
from amparo.core.clock import SystemClock
from amparo.core.ids import OrganisationId
from amparo.db import Database
from amparo.detect.media.sandbox import Sandbox
from amparo.respond.webhooks.store import Webhooks
from amparo.respond.webhooks.tables import WebhookRow
from amparo.respond.webhooks.take import heard_of
from amparo.testing.receiver import Receiver, receiver
from tests.conftest import Ended, Run
from tests.interfaces.conftest import serving_platform

Type = Callable[..., Ended]


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as state:
        yield state


@pytest.fixture
def typed(
    database: Database, database_url: str, tmp_path: Path, sandbox: Sandbox, amparo: Run
) -> Iterator[Type]:
    """Run `amparo webhooks` beside a service."""
    for platform in serving_platform(
        database_url, tmp_path, sandbox, webhook_hosts=("127.0.0.1",), webhook_seconds=1
    ):
        environment = {
            "AMPARO_HOME": str(platform.home),
            "AMPARO_DATABASE_URL": database_url,
            "AMPARO_WEBHOOK_HOSTS": '["127.0.0.1"]',
            "AMPARO_WEBHOOK_SECONDS": "1",
        }
        yield partial(amparo, "webhooks", env=environment)


def the_only_one(typed: Type) -> dict[str, object]:
    (line,) = typed("list").out.splitlines()
    found: dict[str, object] = json.loads(line)
    return found


def test_a_webhook_is_added_tried_out_and_removed(typed: Type, there: Receiver) -> None:
    added = typed("add", there.url, "--event", "media.decided")
    assert added.out.startswith("whsec_")
    webhook = str(the_only_one(typed)["webhook"])
    taken = typed("test", webhook)
    assert (taken.status, taken.err) == (0, "It was taken: 200.\n")
    assert there.messages[0].headers["webhook-id"] == taken.out.strip()
    there.status = 503
    refused = typed("test", webhook)
    assert refused.status == 1
    assert "It was not taken: 503. It is sent again at" in refused.err
    said = the_only_one(typed)
    assert said["waiting"] == 1
    assert said["failing_since"]
    assert typed("remove", webhook).status == 0
    assert typed("list").out == ""


def test_what_a_suspended_webhook_keeps_is_sent_by_resuming_it(
    typed: Type, there: Receiver, database: Database
) -> None:
    typed("add", there.url)
    webhook = str(the_only_one(typed)["webhook"])
    assert typed("replay", webhook).err == "0 are sent again.\n"
    there.status = 503
    typed("test", webhook)
    with database.work() as work:
        work.execute(update(WebhookRow).values(suspended="It is gone."))
    said = typed("replay", webhook).err
    assert said.startswith("0 are sent again.\n1 wait, and nothing is sent there")
    assert f"amparo webhooks resume {webhook}" in said


def test_a_host_that_is_not_allowed_any_more_is_told_in_one_sentence(
    typed: Type, there: Receiver, database: Database
) -> None:
    typed("add", there.url)
    webhook = str(the_only_one(typed)["webhook"])
    with database.work() as work:
        work.execute(update(WebhookRow).values(url="http://192.0.2.1/"))
    said = typed("test", webhook).err
    assert "AMPARO_WEBHOOK_HOSTS. It is sent again at" in said
    assert ".." not in said


@pytest.mark.parametrize("at_work", [True, False])
def test_a_message_behind_others_says_so_where_somebody_sends(
    database: Database,
    organisation: OrganisationId,
    database_url: str,
    tmp_path: Path,
    amparo: Run,
    at_work: bool,
) -> None:
    now = SystemClock().now()
    with database.work() as work:
        key = AccessKey(Fernet.generate_key())
        store = Webhooks(work, organisation)
        webhook, _ = store.add("https://example.org/", [], key, now)
        store.test(webhook.id, now)
        if at_work:
            heard_of(work, "one", now)
    environment = {"AMPARO_HOME": str(tmp_path), "AMPARO_DATABASE_URL": database_url,
                   "AMPARO_WEBHOOK_SECONDS": "1"}  # fmt: skip
    ended = amparo("webhooks", "test", str(webhook.id), env=environment)
    assert ended.status == 1
    if at_work:
        assert "1 to this webhook are sent before it" in ended.err
    else:
        assert "is `amparo serve` or `amparo worker` at work?" in ended.err


@pytest.mark.parametrize("events", [(), ("--event", "media.decided")])
def test_nobody_is_told_the_same_twice_by_mistake(
    typed: Type, there: Receiver, events: tuple[str, ...]
) -> None:
    assert typed("add", there.url, *events).status == 0
    webhook = str(the_only_one(typed)["webhook"])
    again = typed("add", there.url)
    assert again.status == 2
    assert f"webhook {webhook} is told of" in again.err
    assert "media.decided" in again.err
    if events:
        assert typed("add", there.url, "--event", "signal.flooded").status == 0
