"""What Amparo tells is checked and read by the receiver; nothing else is taken for it."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from amparo.client import Amparo, NoticeSaid
from amparo.client.webhooks import (
    MediaDecided,
    NotGenuine,
    NoticeAnswered,
    NoticeReceived,
    OtherEvent,
    received,
)
from amparo.db import Database
from amparo.detect.media.sandbox import Sandbox
from amparo.testing.receiver import receiver
from amparo.wire.signature import new_secret, signature
from tests.interfaces.conftest import Platform, serving_platform

FILE = b"a note that is on a list"
NOW = 1_700_000_000


@pytest.fixture
def platform(
    database: Database, database_url: str, tmp_path: Path, sandbox: Sandbox
) -> Iterator[Platform]:
    """One that may tell on this machine."""
    yield from serving_platform(database_url, tmp_path, sandbox, webhook_hosts=("127.0.0.1",))


def test_what_a_real_one_tells_is_read(platform: Platform, client: Amparo) -> None:
    platform.make_list()
    platform.add({"algorithm": "md5", "value": hashlib.md5(FILE).hexdigest()})
    with receiver() as there:
        secret = client.create_webhook(there.url).secret
        decision = client.submit(FILE)
        notice = client.tell(NoticeSaid(kind="other", explanation="a note"))
        client.answer_notice(notice.number, "kept", "It may stay.")
        there.wait_for_events(3)
        events = [
            each
            for message in there.messages
            for each in received(message.headers, message.body, secret)
        ]
    decided, told, answered = sorted(events, key=lambda each: each.at)
    assert isinstance(decided, MediaDecided)
    assert (decided.data.decision_id, decided.data.action) == (decision.decision_id, "block")
    assert isinstance(told, NoticeReceived)
    assert (told.data.number, told.data.sender) == (notice.number, "user")
    assert isinstance(answered, NoticeAnswered)
    assert answered.data.outcome == "kept"


def signed(body: bytes, secret: str) -> dict[str, str]:
    return {
        "Webhook-Id": "m-1",
        "Webhook-Timestamp": str(NOW),
        "Webhook-Signature": signature(secret, "m-1", NOW, body),
    }


def test_what_a_newer_server_tells_is_read_as_far_as_it_is_known() -> None:
    secret = new_secret()
    event = {"id": "e-1", "type": "moon.full", "at": "2026-01-01T00:00:00Z", "data": {"x": 1}}
    body = json.dumps({"events": [event], "more": True}).encode()
    (other,) = received(signed(body, secret), body, secret, now=NOW)
    assert isinstance(other, OtherEvent)
    assert (other.type, other.data) == ("moon.full", {"x": 1})


def test_what_is_not_from_amparo_is_refused() -> None:
    secret, body = new_secret(), b'{"events": []}'
    headers = signed(body, secret)
    assert received(headers, body, secret, now=NOW) == []
    for name in headers:
        with pytest.raises(NotGenuine, match=name.lower()):
            received({each: headers[each] for each in headers if each != name}, body, secret)
    with pytest.raises(NotGenuine):
        received(headers, body + b" ", secret, now=NOW)
    with pytest.raises(NotGenuine):
        received(headers, body, new_secret(), now=NOW)
    with pytest.raises(NotGenuine, match="old"):
        received(headers, body, secret, now=NOW + 301)
    words = b'{"events": [{"id": "what was in it"}]}'
    with pytest.raises(NotGenuine, match="cannot read") as trouble:
        received(signed(words, secret), words, secret, now=NOW)
    assert "what was in it" not in str(trouble.value)
