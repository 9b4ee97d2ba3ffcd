"""What a platform asks of its Amparo with the client, against a real one on either database."""

import hashlib
import io
import tempfile
from pathlib import Path

import pytest
from pytest_socket import enable_socket

from amparo.client import Amparo, AskedHash, Context, NewSignal, NoticeSaid, Uploader
from amparo.client.errors import KeyRefused, NotGood, NotNow, NotSent, NotThere
from amparo.core.errors import NotFound
from amparo.testing.hostile import encoded, photograph_like
from amparo.testing.unreliable import says, unreliable
from tests.interfaces.conftest import Platform

PICTURE = encoded(photograph_like(), "PNG")
LISTED = b"a note that is on a list"
MD5 = hashlib.md5(LISTED).hexdigest()


def listed(client: Amparo, platform: Platform) -> None:
    """Have the note on a list, and wait until it is searched."""
    client.create_list("known", kind="confirmed")
    change = client.add_signals("known", [NewSignal(algorithm="md5", value=MD5, source="us")])
    assert change.revision is not None
    platform.wait_for("known", change.revision)


def test_an_upload_is_decided_and_found_again(client: Amparo, platform: Platform) -> None:
    listed(client, platform)
    said = Context(surface="profile", labels=("avatar",))
    blocked = client.submit(LISTED, uploader=Uploader(id="u-1", country="MX"), context=said)
    assert (blocked.action, blocked.matches[0].list) == ("block", "known")
    allowed = client.submit(PICTURE, uploader="u-2")
    assert (allowed.action, allowed.media_type) == ("allow", "image/png")
    assert client.media(blocked.media_id) == blocked
    assert list(client.decisions()) == [allowed, blocked]
    assert list(client.decisions(action="block")) == [blocked]


def test_a_file_may_be_given_in_many_ways_and_is_sent_whole(
    client: Amparo, platform: Platform, tmp_path: Path
) -> None:
    listed(client, platform)
    path = tmp_path / "note.txt"
    path.write_bytes(LISTED)

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with path.open("rb") as half_read, tempfile.SpooledTemporaryFile() as spooled:
        half_read.seek(5)
        spooled.write(LISTED)
        given = (LISTED, bytearray(LISTED), str(path), path, half_read, spooled, Pipe(LISTED))
        assert [client.submit(each).action for each in given] == ["block"] * len(given)
        assert half_read.tell() == 5
    with path.open(encoding="utf-8") as text, pytest.raises(NotSent, match="binary"):
        client.submit(text)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        client.submit(tmp_path / "no-such-file")


def test_one_key_is_one_decision(client: Amparo) -> None:
    first = client.submit(PICTURE, idempotency_key="upload-1")
    assert client.submit(PICTURE, idempotency_key="upload-1") == first
    assert client.submit(PICTURE).media_id != first.media_id
    with pytest.raises(NotGood) as refused:
        client.submit(LISTED, idempotency_key="upload-1")
    assert (refused.value.status, refused.value.code) == (422, "key_reused")


def test_hashes_are_looked_up(client: Amparo, platform: Platform) -> None:
    listed(client, platform)
    answer = client.match([AskedHash(algorithm="md5", value=each) for each in (MD5, "0" * 32)])
    assert [[each.source for each in found] for found in answer.results] == [["us"], []]
    assert answer.revisions == {"known": 1}
    with pytest.raises(NotSent, match="hashes"):
        client.match([])


def test_what_people_write_is_decided_and_looked_up(client: Amparo, platform: Platform) -> None:
    client.create_list("known", kind="confirmed")
    change = client.add_signals(
        "known",
        [
            NewSignal(algorithm="keyword", value="zorvimel"),
            NewSignal(algorithm="url_host", value="bad.example"),
            NewSignal(algorithm="account", value="chat:zorvi"),
        ],
    )
    assert change.revision is not None
    platform.wait_for("known", change.revision)
    said = Context(surface="profile")
    text = client.decide_text("a Zorvimel", accounts=["chat:zorvi"], context=said, uploader=None)
    assert text.action == "review"
    assert sorted((each.algorithm, each.start, each.item) for each in text.matches) == [
        ("account", -1, 0), ("keyword", 2, -1),
    ]  # fmt: skip
    again = [client.decide_text("a", idempotency_key="k").media_id for _ in range(2)]
    assert again[0] == again[1]
    search = client.decide_search("zorvimel", uploader=Uploader(id="u-1"))
    assert (search.blocked, search.message) == (True, "help")
    links = client.look_up_urls(["https://a.bad.example/", "good.example"])
    assert [len(found) for found in links.results] == [1, 0]


def test_a_list_is_followed_to_its_end_and_from_there_on(client: Amparo) -> None:
    client.create_list("known", kind="confirmed")
    for batch in range(3):
        values = (f"{batch * 500 + number:032x}" for number in range(500))
        client.add_signals("known", [NewSignal(algorithm="md5", value=each) for each in values])
    assert len({each.value for each in client.signals("known")}) == 1500
    steps = list(client.changes("known"))
    assert len(steps) > 1
    assert len({each.value for step in steps for each in step.added}) == 1500
    gone = steps[0].added[0].signal
    client.withdraw_signals("known", [gone])
    (later,) = client.changes("known", after=steps[-1].next)
    assert (later.added, later.withdrawn) == ([], [gone])
    assert [each.name for each in client.lists()] == ["known"]
    assert client.show_list("known").revision == later.revision == 4
    with pytest.raises(NotNow) as ahead:
        list(client.changes("known", after=5000))
    assert ahead.value.code == "unknown_revision"


def test_what_is_added_to_a_negative_list_waits(client: Amparo) -> None:
    client.create_list("harmless", kind="negative")
    until = "2036-01-01T00:00:00Z"
    signal = NewSignal(algorithm="md5", value=MD5, note="a drawing", expires=until)
    change = client.add_signals("harmless", [signal])
    assert change.revision is None
    assert [each.proposal for each in client.proposals("harmless")] == [change.proposal]


def test_somebody_tells_is_answered_and_asks(client: Amparo) -> None:
    notice = NoticeSaid(kind="other", explanation="a note", language="es")
    given = client.tell(notice, PICTURE, idempotency_key="told-1")
    assert client.tell(notice, PICTURE, idempotency_key="told-1").number == given.number
    client.tell(NoticeSaid(kind="child", urls=("https://platform.example.org/1",)))
    assert [each.kind for each in client.notices()] == ["child", "other"]
    assert client.notice(given.number).has_file
    client.answer_notice(given.number, "removed", "It is gone.")
    assert [each.number for each in client.notices(answered=True)] == [given.number]
    status = client.notice_status(given.number, given.secret, language="en")
    assert (status.outcome, status.why) == ("removed", "It is gone.")
    with pytest.raises(NotThere):
        client.notice_status(given.number, "wrong-secret")
    with pytest.raises(NotNow):
        client.answer_notice(given.number, "kept", "It may stay.")


def test_webhooks_are_kept_in_order(client: Amparo) -> None:
    made = client.create_webhook("https://platform.example.org/amparo", ["media.decided"])
    assert [each.events for each in client.webhooks()] == [["media.decided"]]
    assert client.rotate_webhook(made.webhook).secret != made.secret
    client.resume_webhook(made.webhook)
    assert list(client.deliveries(made.webhook)) == []
    assert client.replay(made.webhook) == 0
    assert client.webhook(made.webhook).suspended is None
    client.remove_webhook(made.webhook)
    assert client.webhooks() == []


def test_it_says_whether_it_is_ready(client: Amparo) -> None:
    assert client.ready().ready


def test_errors_have_status_code_and_the_category_of_the_core(
    client: Amparo, platform: Platform
) -> None:
    with pytest.raises(NotFound, match="404, not_found") as missing:
        client.show_list("no-such-list")
    assert isinstance(missing.value, NotThere)
    with (
        Amparo(str(platform.http.base_url), "amparo_" + "0" * 40) as stranger,
        pytest.raises(KeyRefused) as refused,
    ):
        stranger.lists()
    assert (refused.value.status, refused.value.attempts) == (401, 1)


@pytest.mark.parametrize("name", ["", ".", "..", "../decisions"])
def test_a_name_leads_to_no_other_route(client: Amparo, name: str) -> None:
    with pytest.raises((NotSent, NotThere)):
        client.show_list(name)


def test_an_answer_of_a_newer_server_is_read() -> None:
    enable_socket()
    notice = (
        b'{"number": "N-1", "secret": "s", "received_at": "2026-01-01T00:00:00Z",'
        b' "due_at": "2026-01-02T00:00:00Z", "signed": false, "a_new_field": {"x": 1}}'
    )
    with unreliable(says(201, notice)) as server, Amparo(server.url, "amparo_key") as client:
        assert client.tell(NoticeSaid(kind="other", explanation="a note")).number == "N-1"
