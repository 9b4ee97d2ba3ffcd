"""When the network misbehaves: tried again where that is safe, and told in plain words."""

import re
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from amparo.client import Amparo, AskedHash, Away, CallFailed, NewSignal, Patience, Refused
from amparo.client.errors import Busy, NotAmparo, NotNow, NotSent, Unreachable
from amparo.testing.unreliable import (
    Trick,
    cuts,
    endless,
    passes_on,
    passes_on_and_cuts,
    says,
    trickles,
    unreliable,
)
from tests.interfaces.conftest import Platform

KEY = "amparo_" + "k" * 40
FILE = b"what is in the file"
READY = b'{"ready": true, "database": true, "lists": 0, "lag": 0}'
BUSY = b'{"title": "Not now", "status": 503, "code": "busy", "detail": "No room."}'
PROBLEM = {"Content-Type": "application/problem+json"}
AT_WORK = (
    b'{"title": "Not in the present state", "status": 409, "code": "conflict",'
    b' "detail": "A call with this Idempotency-Key is at work; ask again in a moment."}'
)
AT_WORK_LATER = says(409, AT_WORK, PROBLEM | {"Retry-After": "1"})
DECISION = (
    b'{"media_id": "m-1", "action": "allow", "matches": [], "suppressed": [], "scores": {},'
    b' "decision_id": "d-1", "policy_version": 1, "rules": ["a-rule"], "labels": [], "queue": "",'
    b' "priority": 0, "restrained": "", "broken": [], "media_type": "image/png", "problem": "",'
    b' "decided_at": "2026-01-01T00:00:00+00:00"}'
)
PAGE = b"<html><h1>502 Bad Gateway</h1>" + KEY.encode() + b"</html>"


@dataclass
class Time:
    """A clock that only waiting moves, and what was waited for."""

    at: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += seconds

    def patience(self, **others: float) -> Patience:
        """That always waits as long as it may."""
        return Patience(
            monotonic=lambda: self.at, wall=lambda: 0.0, sleep=self.sleep, chance=lambda: 1.0,
            **others,
        )  # fmt: skip


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Of this machine."""


def told(trouble: BaseException) -> str:
    """All that a log would show of it."""
    return "".join(traceback.format_exception(trouble)) + repr(trouble) + repr(trouble.args)


def test_an_answer_that_was_lost_is_asked_for_again_and_decides_once(
    platform: Platform, client: Amparo, time: Time
) -> None:
    real = str(platform.http.base_url)
    tricks = (passes_on_and_cuts(real), passes_on(real))
    with (
        unreliable(*tricks) as server,
        Amparo(server.url, platform.key, patience=time.patience()) as unlucky,
    ):
        decision = unlucky.submit(FILE)
        assert len(server.arrived) == 2
        keys = {each.headers["idempotency-key"] for each in server.arrived}
    assert len(keys) == 1
    assert [each.media_id for each in client.decisions()] == [decision.media_id]


def test_who_asks_while_the_first_is_at_work_gets_its_answer(platform: Platform) -> None:
    patience = Patience(first_wait_s=0.02, longest_wait_s=0.05)
    with (
        Amparo(str(platform.http.base_url), platform.key, patience=patience) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        asked = [pool.submit(client.submit, FILE, idempotency_key="the same") for _ in range(8)]
        assert len({each.result().decision_id for each in asked}) == 1


def test_an_upload_that_takes_long_is_waited_for_as_long_as_there_is_time(time: Time) -> None:
    """Its first attempt was too slow for the client; the next ones meet it at work."""
    with (
        unreliable(cuts, *[AT_WORK_LATER] * 20, says(200, DECISION)) as server,
        Amparo(server.url, KEY, patience=time.patience(attempts=3, longest_wait_s=1)) as client,
    ):
        assert client.submit(FILE).action == "allow"
    assert len(server.arrived) == 22
    assert len({each.headers["idempotency-key"] for each in server.arrived}) == 1
    assert time.waits == [0.25] + [1.0] * 20


def test_an_upload_that_has_not_ended_in_time_may_be_asked_for_later(time: Time) -> None:
    with (
        unreliable(cuts, AT_WORK_LATER) as server,
        Amparo(server.url, KEY, patience=time.patience(longest_wait_s=1, total_s=10)) as client,
        pytest.raises(Busy, match=r"ask again in a moment\. \(409, conflict, after") as trouble,
    ):
        client.submit(FILE)
    assert isinstance(trouble.value, Away)
    assert (trouble.value.attempts, len(server.arrived)) == (11, 11)


def test_a_conflict_of_a_call_without_a_key_is_said_once(time: Time) -> None:
    with (
        unreliable(AT_WORK_LATER) as server,
        Amparo(server.url, KEY, patience=time.patience()) as client,
        pytest.raises(NotNow),
    ):
        list(client.changes("known"))
    assert len(server.arrived) == 1


def test_waits_grow_and_are_never_shorter_than_what_is_asked_for(time: Time) -> None:
    busy = says(503, BUSY, PROBLEM)
    later = says(429, BUSY, PROBLEM | {"Retry-After": "7"})
    dated = says(503, BUSY, PROBLEM | {"Retry-After": "Thu, 01 Jan 1970 00:00:09 GMT"})
    with (
        unreliable(busy, busy, later, dated, says(200, b"[]")) as server,
        Amparo(server.url, KEY, patience=time.patience(first_wait_s=1)) as client,
    ):
        assert client.lists() == []
    assert time.waits == [1, 2, 7, 9]


def test_it_ends_and_says_what_was_tried(time: Time) -> None:
    with (
        unreliable(says(503, BUSY, PROBLEM)) as server,
        Amparo(server.url, KEY, patience=time.patience(attempts=3)) as client,
        pytest.raises(Busy, match=r"No room\. \(503, busy, after 3 attempts\)") as trouble,
    ):
        client.submit(FILE)
    assert (trouble.value.attempts, len(server.arrived)) == (3, 3)


def test_it_ends_when_the_time_is_over_before_the_next_attempt(time: Time) -> None:
    later = says(503, BUSY, PROBLEM | {"Retry-After": "40"})
    with (
        unreliable(later) as server,
        Amparo(server.url, KEY, patience=time.patience(total_s=60)) as client,
        pytest.raises(Busy),
    ):
        client.submit(FILE)
    assert (len(server.arrived), time.waits) == (2, [40])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 500])
def test_what_would_be_said_again_is_not_asked_again(status: int, time: Time) -> None:
    body = BUSY.replace(b"503", str(status).encode())
    with (
        unreliable(says(status, body, PROBLEM)) as server,
        Amparo(server.url, KEY, patience=time.patience()) as client,
        pytest.raises(CallFailed) as trouble,
    ):
        client.submit(FILE)
    assert (trouble.value.status, len(server.arrived)) == (status, 1)
    assert isinstance(trouble.value, Away if status == 500 else Refused)


@pytest.mark.parametrize("trick", [cuts, says(503, BUSY, PROBLEM)])
def test_what_would_be_done_twice_is_done_once(trick: Trick, time: Time) -> None:
    with (
        unreliable(trick) as server,
        Amparo(server.url, KEY, patience=time.patience()) as client,
    ):
        with pytest.raises(Away):
            client.add_signals("known", [NewSignal(algorithm="md5", value="0" * 32)])
        assert len(server.arrived) == 1
        with pytest.raises(Away):
            client.match([AskedHash(algorithm="md5", value="0" * 32)])
        assert len(server.arrived) == 1 + 5


def test_nobody_there_is_asked_again_and_named(time: Time) -> None:
    with unreliable(cuts) as server:
        url = server.url
    with (
        Amparo(url, KEY, patience=time.patience(attempts=3)) as client,
        pytest.raises(Unreachable, match="cannot be reached; see whether it runs") as trouble,
    ):
        client.create_list("known")
    assert trouble.value.attempts == 3
    assert url in str(trouble.value)
    assert KEY not in told(trouble.value)


@pytest.mark.parametrize(
    "trick",
    [
        says(200, b"{"), says(200, b'{"media_id": "' + FILE + b'"}'), says(200, PAGE),
        says(502, PAGE, {"Content-Type": "text/html"}), says(403, PAGE), says(204), endless,
        says(503, BUSY.replace(b"No room.", KEY.encode() + b"\\n" * 9), PROBLEM),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_told_without_its_words(trick: Trick, time: Time) -> None:
    with (
        unreliable(trick) as server,
        Amparo(server.url, KEY, patience=time.patience(attempts=2)) as client,
        pytest.raises(Away) as trouble,
    ):
        client.submit(FILE)
    said = told(trouble.value)
    assert KEY not in said
    assert FILE.decode() not in said
    assert "html" not in said
    assert isinstance(trouble.value, NotAmparo | Busy)


def test_an_answer_that_trickles_has_an_end(time: Time) -> None:
    with (
        unreliable(trickles) as server,
        Amparo(server.url, KEY, timeout_s=0.3, patience=Patience(attempts=1)) as client,
        pytest.raises(Unreachable, match="in time"),
    ):
        client.ready()


def test_the_key_follows_no_redirect_and_goes_through_no_proxy(
    time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unreliable(says(200, READY)) as elsewhere:
        to_it = says(307, b"", {"Location": f"{elsewhere.url}/v1/media"})
        monkeypatch.setenv("HTTP_PROXY", elsewhere.url)
        monkeypatch.setenv("ALL_PROXY", elsewhere.url)
        with (
            unreliable(to_it) as server,
            Amparo(server.url, KEY, patience=time.patience()) as client,
            pytest.raises(NotAmparo, match="leads elsewhere"),
        ):
            client.submit(FILE)
        assert len(server.arrived) == 1
        assert elsewhere.arrived == []


def test_no_key_is_sent_where_none_is_needed() -> None:
    with unreliable(says(200, READY)) as server, Amparo(server.url, KEY) as client:
        client.ready()
        with pytest.raises(Away):
            client.notice_status("N-1", "secret")
        with pytest.raises(Away):
            client.lists()
    assert [each.headers.get("authorization") for each in server.arrived] == [
        None, None, f"Bearer {KEY}",
    ]  # fmt: skip


def test_the_files_name_is_not_sent(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("of-ana") / "ana-at-the-beach.jpg"
    file.write_bytes(FILE)
    with unreliable(says(400)) as server, Amparo(server.url, KEY) as client:
        with pytest.raises(NotAmparo):
            client.submit(file)
        (arrived,) = server.arrived
    assert b"ana" not in arrived.body
    assert FILE in arrived.body


def test_many_threads_share_one_client() -> None:
    with (
        unreliable(says(200, READY)) as server,
        Amparo(server.url, KEY) as client,
        ThreadPoolExecutor(16) as pool,
    ):
        together = threading.Barrier(16)

        def ask() -> bool:
            together.wait()
            return all(client.ready().ready for _ in range(10))

        assert all(each.result() for each in [pool.submit(ask) for _ in range(16)])
    assert len(server.arrived) == 160


def test_a_page_that_leads_to_itself_is_noticed() -> None:
    page = b'{"added": [], "withdrawn": [], "revision": 1, "next": "1", "more": true}'
    with (
        unreliable(says(200, page)) as server,
        Amparo(server.url, KEY) as client,
        pytest.raises(NotAmparo, match="again"),
    ):
        list(client.changes("known"))
    assert len(server.arrived) == 2


@pytest.mark.parametrize(
    "url",
    [
        "",
        "amparo",
        "ftp://a",
        "http://",
        "http://u:p@a",
        "http://a/?x=1",
        "http://a:x",
        "http://a/\n",
        "http://a b",
    ],
)
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(NotSent, match="AMPARO_URL"):
        Amparo(url, KEY)


@pytest.mark.parametrize("key", ["", " \n", "clé", "a\r\nb"])
def test_a_key_that_is_none_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(NotSent) as trouble:
        Amparo("http://127.0.0.1:1", key)
    assert not key.strip() or key not in told(trouble.value)


def test_address_and_key_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with unreliable(says(200, b"[]")) as server:
        monkeypatch.setenv("AMPARO_URL", f"{server.url}/behind/")
        monkeypatch.setenv("AMPARO_KEY", f"{KEY}\n")
        with Amparo() as client:
            assert client.lists() == []
            assert repr(client) == f"Amparo('{server.url}/behind')"
    assert server.arrived[0].path == "/behind/v1/lists"
    assert server.arrived[0].headers["authorization"] == f"Bearer {KEY}"


def test_what_is_given_wrong_is_named_and_not_shown() -> None:
    value = "f0" * 16
    with pytest.raises(ValueError, match="value") as trouble:
        AskedHash(algorithm="md5", value=value + "x")
    assert value not in told(trouble.value)
    with Amparo("http://127.0.0.1:1", KEY) as client, pytest.raises(NotSent) as other:
        client.match([AskedHash(algorithm="md5", value=value)] * 1001)
    assert value not in told(other.value)
    assert re.search("1000", str(other.value))
