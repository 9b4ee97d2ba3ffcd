"""A platform is told what was decided: signed, at least once under one id, whatever its state."""

import hashlib
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import text

from amparo.core.clock import SystemClock
from amparo.db import Database
from amparo.detect.media.sandbox import Sandbox
from amparo.respond.webhooks.model import BACK_OFF
from amparo.testing.receiver import Message, Receiver, receiver
from amparo.wire.signature import NotGenuine, verify
from tests.interfaces.conftest import WAIT_S, Platform, serving_platform

FILE = b"a note that is on a list"
LISTED = {"algorithm": "md5", "value": hashlib.md5(FILE).hexdigest()}
LONGEST_ANSWER_S = 1


class Ahead:
    """The machine's clock, or a time later."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def now(self) -> datetime:
        return SystemClock().now() + self.by


@pytest.fixture
def clock() -> Ahead:
    return Ahead()


@pytest.fixture
def platform(
    database: Database, database_url: str, tmp_path: Path, sandbox: Sandbox, clock: Ahead
) -> Iterator[Platform]:
    """Told about on this machine, with a listed file."""
    for platform in serving_platform(
        database_url, tmp_path, sandbox, clock,
        webhook_hosts=("127.0.0.1",), webhook_seconds=LONGEST_ANSWER_S,
    ):  # fmt: skip
        platform.make_list()
        platform.add(LISTED)
        yield platform


@pytest.fixture
def there(platform: Platform) -> Iterator[Receiver]:
    with receiver() as state:
        yield state


def webhook(platform: Platform, there: Receiver, **others: object) -> tuple[str, str]:
    """A new one's path and secret."""
    answer = platform.http.post("/v1/webhooks", json={"url": there.url} | others)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    return f"/v1/webhooks/{made['webhook']}", made["secret"]


def decide(platform: Platform) -> str:
    answer = platform.http.post("/v1/media", content=FILE)
    assert answer.json()["action"] in ("block", "review")
    return str(answer.json()["decision_id"])


def often() -> Iterator[None]:
    """Again and again, as long as a busy machine may take for anything."""
    until, waited = monotonic() + WAIT_S, threading.Event()
    while monotonic() < until:
        yield
        waited.wait(0.005)


def state_of(platform: Platform, path: str, **wanted: object) -> dict[str, object]:
    """What is said of a webhook, once it is as wanted."""
    for _ in often():
        said: dict[str, object] = platform.http.get(path).json()
        if all(said[name] == value for name, value in wanted.items()):
            return said
    raise AssertionError(said)


def counts(**of: int) -> dict[str, int]:
    return {"waiting": 0, "delivered": 0, "dead": 0} | of


def is_genuine(message: Message, secret: str, now: float | None = None) -> bool:
    headers = message.headers
    try:
        verify(
            secret, headers["webhook-id"], headers["webhook-timestamp"],
            headers["webhook-signature"], message.body, now=now,
        )  # fmt: skip
    except NotGenuine:
        return False
    return True


def test_a_decision_is_told_signed_and_once(platform: Platform, there: Receiver) -> None:
    path, secret = webhook(platform, there)
    decisions = {decide(platform) for _ in range(5)}
    told = there.wait_for_events(5)
    assert {each["data"]["decision_id"] for each in told} == decisions
    assert {each["type"] for each in told} == {"media.decided"}
    assert len({each["id"] for each in told}) == len(told) == 5
    assert all(is_genuine(message, secret) for message in there.messages)
    assert not is_genuine(there.messages[0], secret[:-3] + "AA=")
    state_of(platform, path, deliveries=counts(delivered=len(there.messages)))


def test_it_can_be_tried_out(platform: Platform, there: Receiver) -> None:
    path, secret = webhook(platform, there, events=["notice.overdue"])
    asked = platform.http.post(f"{path}/tests")
    assert asked.status_code == 202
    ((event, message),) = zip(there.wait_for_events(1), there.messages, strict=True)
    assert (event["type"], event["data"]) == ("webhook.test", {"webhook": path.split("/")[-1]})
    assert is_genuine(message, secret)
    state_of(platform, f"{path}/deliveries/{asked.json()['delivery']}", state="delivered")


def test_what_is_allowed_is_told_to_nobody(platform: Platform, there: Receiver) -> None:
    webhook(platform, there)
    platform.http.post("/v1/media", content=b"a note that is on none")
    decide(platform)
    assert len(there.wait_for_events(1)) == 1


def test_only_what_was_asked_for_is_told(platform: Platform, there: Receiver) -> None:
    path, _ = webhook(platform, there, events=["signal.flooded"])
    for _ in range(25):  # the floor of a flood is 20 here
        decide(platform)
    (event,) = there.wait_for_events(1)
    assert event["type"] == "signal.flooded"
    assert state_of(platform, path)["events"] == ["signal.flooded"]


def test_a_message_is_good_for_minutes_and_for_its_own_words_alone(
    platform: Platform, there: Receiver
) -> None:
    _, secret = webhook(platform, there)
    decide(platform)
    (message,) = there.wait_for(1)
    at = int(message.headers["webhook-timestamp"])
    assert is_genuine(message, secret, at + 299)
    assert not is_genuine(message, secret, at + 301)
    assert not is_genuine(message, secret, at - 301)
    assert not is_genuine(Message(message.headers, message.body + b" "), secret)
    later = message.headers | {"webhook-timestamp": str(at + 1)}
    assert not is_genuine(Message(later, message.body), secret)
    other = message.headers | {"webhook-id": "another"}
    assert not is_genuine(Message(other, message.body), secret)


def test_after_a_change_of_secrets_both_sign_for_a_day(
    platform: Platform, there: Receiver, clock: Ahead
) -> None:
    path, first = webhook(platform, there)
    second = platform.http.post(f"{path}/secret").json()["secret"]
    decide(platform)
    (message,) = there.wait_for(1)
    assert is_genuine(message, first)
    assert is_genuine(message, second)
    clock.by = timedelta(hours=25)
    decide(platform)
    _, message = there.wait_for(2)
    at = int(message.headers["webhook-timestamp"])
    assert not is_genuine(message, first, at)
    assert is_genuine(message, second, at)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 429, 500, 503])
def test_what_is_refused_is_sent_again_under_the_same_id(
    platform: Platform, there: Receiver, clock: Ahead, status: int
) -> None:
    path, secret = webhook(platform, there)
    there.status, there.headers = status, {"Location": f"http://127.0.0.1:{there.port}/elsewhere"}
    decide(platform)
    there.wait_for(1)
    said = state_of(platform, path, deliveries=counts(waiting=1))
    assert (waiting := state_waiting(platform, path, attempts=1))["last_status"] == status
    assert said["suspended"] is None
    there.status = 200
    clock.by += BACK_OFF[0]
    first, second = there.wait_for(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == waiting["delivery"]
    assert first.body == second.body
    assert is_genuine(second, secret, int(second.headers["webhook-timestamp"]))
    assert state_of(platform, path, deliveries=counts(delivered=1))["failing_since"] is None


def state_waiting(platform: Platform, path: str, attempts: int) -> dict[str, object]:
    """The one delivery that waits, once it was tried so often."""
    for _ in often():
        page = platform.http.get(f"{path}/deliveries?state=waiting").json()
        for each in page["deliveries"]:
            if each["attempts"] == attempts:
                return dict(each)
    raise AssertionError(page)


def test_a_receiver_is_left_alone_as_long_as_it_asks(
    platform: Platform, there: Receiver, clock: Ahead
) -> None:
    path, _ = webhook(platform, there)
    there.status, there.headers = 429, {"Retry-After": "600"}
    decide(platform)
    waiting = state_waiting(platform, path, attempts=1)
    waits = datetime.fromisoformat(str(waiting["next_at"])) - clock.now()
    assert timedelta(seconds=500) < waits < timedelta(seconds=601)


def test_a_receiver_that_is_away_is_waited_for(
    platform: Platform, there: Receiver, clock: Ahead
) -> None:
    path, _ = webhook(platform, Receiver(port=1))
    decide(platform)
    waiting = state_waiting(platform, path, attempts=1)
    assert waiting["last_status"] is None
    assert waiting["last_error"]


def test_a_receiver_that_says_nothing_is_given_its_time_and_holds_up_nobody(
    platform: Platform, there: Receiver
) -> None:
    path, _ = webhook(platform, there)
    there.silent = True
    with receiver() as other:
        webhook(platform, other)
        decide(platform)
        other.wait_for(1)
    assert "within 1 s" in str(state_waiting(platform, path, attempts=1)["last_error"])


def test_an_answer_without_an_end_is_an_answer(platform: Platform, there: Receiver) -> None:
    path, _ = webhook(platform, there)
    there.endless = True
    decide(platform)
    state_of(platform, path, deliveries=counts(delivered=1))


def test_a_receiver_that_is_gone_is_told_nothing_until_somebody_resumes_it(
    platform: Platform, there: Receiver
) -> None:
    path, _ = webhook(platform, there)
    there.status = 410
    decide(platform)
    there.wait_for(1)
    state_of(platform, path, suspended="It has answered that it is gone (410).")
    assert "amparo_webhooks_suspended 1.0" in platform.http.get("/metrics").text
    decide(platform)
    state_of(platform, path, deliveries=counts(waiting=2))
    assert len(there.messages) == 1
    assert platform.http.post(f"{path}/tests").status_code == 409
    there.status = 200
    assert platform.http.post(f"{path}/resumption").status_code == 204
    there.wait_for_events(2)
    state_of(platform, path, deliveries=counts(delivered=2), suspended=None)


def test_after_a_day_it_is_given_up_and_can_be_replayed(
    platform: Platform, there: Receiver, clock: Ahead
) -> None:
    path, _ = webhook(platform, there)
    there.status = 500
    decide(platform)
    for number, wait in enumerate(BACK_OFF, 1):
        assert state_waiting(platform, path, attempts=number)
        clock.by += wait
    said = state_of(platform, path, deliveries=counts(dead=1))
    assert said["suspended"] == "It has taken nothing for a day."
    assert "amparo_deliveries_dead 1.0" in platform.http.get("/metrics").text
    assert len(there.messages) == len(BACK_OFF) + 1
    (dead,) = platform.http.get(f"{path}/deliveries").json()["deliveries"]
    there.status = 200
    one = f"{path}/deliveries/{dead['delivery']}/replay"
    assert platform.http.post(one).json() == {"replayed": 1}
    platform.http.post(f"{path}/resumption")
    state_of(platform, path, deliveries=counts(delivered=1))
    assert platform.http.post(one).status_code == 404
    assert platform.http.post(f"{path}/replays").json() == {"replayed": 0}


def test_a_removed_webhook_is_told_nothing_more(platform: Platform, there: Receiver) -> None:
    path, _ = webhook(platform, there)
    there.status = 500
    decide(platform)
    there.wait_for(1)
    assert platform.http.delete(path).status_code == 204
    assert platform.http.get(path).status_code == 404
    assert platform.http.get("/v1/webhooks").json() == []
    decide(platform)
    with receiver() as other:
        webhook(platform, other)
        decide(platform)
        other.wait_for(1)
    assert len(there.messages) == 1


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("http://platform.example.org/x", 403),
        ("https://platform.example.org:8443/x", 403),
        ("https://127.0.0.2/x", 403),
        ("https://[::ffff:10.0.0.1]/x", 403),
        ("https://localhost/x", 201),  # a name is looked at when it is sent to
        ("ftp://127.0.0.1/x", 422),
        ("https://user@platform.example.org/x", 422),
        ("https://platform.example.org/#x", 422),
        ("https://platform.example.org:0/x", 422),
        ("https:///x", 422),
        ("nothing", 422),
        ("https://platform.example.org/ä", 422),
    ],
)
def test_where_nothing_may_be_sent_is_told_at_once(
    platform: Platform, url: str, status: int
) -> None:
    assert platform.http.post("/v1/webhooks", json={"url": url}).status_code == status


def test_nothing_is_sent_to_an_address_that_is_not_public(platform: Platform) -> None:
    answer = platform.http.post("/v1/webhooks", json={"url": "https://localhost/x"})
    assert answer.status_code == 201
    decide(platform)
    path = f"/v1/webhooks/{answer.json()['webhook']}"
    assert "not public" in str(state_waiting(platform, path, attempts=1)["last_error"])


def test_its_secret_is_nowhere_in_the_database(platform: Platform, there: Receiver) -> None:
    _, secret = webhook(platform, there)
    decide(platform)
    there.wait_for(1)
    with platform.serving.database.reading() as work:
        for table in ("webhooks", "deliveries", "audit_entries"):
            assert secret not in repr(work.execute(text(f"SELECT * FROM {table}")).all())
    for file in platform.home.rglob("*"):
        if file.is_file() and "kernels" not in file.parts:
            assert secret.encode() not in file.read_bytes(), file


def test_others_see_none_of_it(platform: Platform, there: Receiver) -> None:
    from amparo.access.model import Scope
    from tests.interfaces.test_access import a_key

    path, _ = webhook(platform, there)
    other = {"Authorization": f"Bearer {a_key(platform, *Scope, organisation='another')}"}
    assert platform.http.get("/v1/webhooks", headers=other).json() == []
    for route in (path, f"{path}/deliveries"):
        assert platform.http.get(route, headers=other).status_code == 404
    for route in ("secret", "resumption", "replays"):
        assert platform.http.post(f"{path}/{route}", headers=other).status_code == 404
    assert platform.http.delete(path, headers=other).status_code == 404
