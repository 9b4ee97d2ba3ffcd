"""The command by which an operator has a platform told, and sees whether it is."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from amparo.db import Database
from amparo.detect.media.sandbox import Sandbox
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
