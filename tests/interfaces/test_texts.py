"""What people write over HTTP: links looked up, texts and searches decided, and no text kept."""

import hashlib
import resource
import socket
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pyrage
import pytest
from pyrage import x25519
from sqlalchemy import inspect, text

from amparo.access.keys import create_key, create_organisation
from amparo.access.model import Scope
from amparo.access.repeats import digest_of_request
from amparo.detect.deciding.model import ContextFacts, UploaderFacts
from amparo.detect.deciding.versions import Policies
from amparo.detect.matching.host.written import Written
from tests.interfaces.conftest import Platform


def add(platform: Platform, kind: str, *values: str, to: str = "known", **others: object) -> None:
    platform.add(
        *({"algorithm": kind, "value": value} | others for value in values),
        to=to,
    )


def kinds_of(matches: list[dict[str, object]]) -> list[tuple[object, object, object]]:
    return [(each["algorithm"], each["start"], each["end"]) for each in matches]


def test_a_word_in_a_text_is_found_and_put_to_a_person(platform: Platform) -> None:
    platform.make_list()
    add(platform, "keyword", "Zorvimel Quandelu")
    answer = platform.http.post("/v1/texts", json={"text": "Néw: ＺORVIMEL \n quandelu!"}).json()
    assert kinds_of(answer["matches"]) == [("keyword", 5, 24)]
    assert (answer["action"], answer["media_type"]) == ("review", "text/plain")
    assert not answer["truncated"]
    assert platform.http.get(f"/v1/media/{answer['media_id']}").json()["action"] == "review"


def test_a_link_is_found_by_itself_by_what_is_above_it_and_by_its_host(platform: Platform) -> None:
    platform.make_list()
    add(platform, "url", "http://Bad.example:80/a/../b?x=1#f")
    add(platform, "url_prefix", "https://hub.example/rooms/")
    add(platform, "url_host", "host.example")
    sent = ["https://bad.example/b?x=1", "hub.example/rooms/7", "http://a.host.example/",
            "https://hub.example/roomsier", "mailto:x@host.example"]  # fmt: skip
    answer = platform.http.post("/v1/urls", json={"urls": sent}).json()
    found = [[each["algorithm"] for each in result] for result in answer["results"]]
    assert found == [["url"], ["url_prefix"], ["url_host"], [], []]
    assert [each["item"] for each in answer["problems"]] == [4]


def test_links_and_names_in_and_beside_a_text_are_found(platform: Platform) -> None:
    platform.make_list()
    add(platform, "url", "https://bad.example/b")
    add(platform, "email", "Some.One@Mail.example")
    add(platform, "account", "chat:Zorvi")
    add(platform, "regex", r"qz\d{3}")
    said = {
        "text": "é see https://bad.example/b. or some.one@mail.example, qz123",
        "accounts": ["nobody", "CHAT:zorvi"],
    }
    answer = platform.http.post("/v1/texts", json=said).json()
    assert sorted(kinds_of(answer["matches"])) == [
        ("account", -1, -1), ("email", 32, 53), ("regex", 55, 60), ("url", 6, 27),
    ]  # fmt: skip
    assert {each["item"] for each in answer["matches"]} == {-1, 1}
    assert answer["action"] == "hold"


def test_a_search_is_blocked_with_the_message_of_the_policy(platform: Platform) -> None:
    platform.make_list()
    add(platform, "keyword", "zorvimel")
    answer = platform.http.post("/v1/searches", json={"query": "zorvimel pictures"}).json()
    assert (answer["blocked"], answer["message"]) == (True, "help")
    answer = platform.http.post("/v1/searches", json={"query": "other pictures"}).json()
    assert (answer["blocked"], answer["message"]) == (False, "")


MARK = "mumblequark"
"""Stands in texts beside what is listed, and nowhere else."""


def everything_kept(platform: Platform) -> Iterator[bytes]:
    """Every row of the database, and every file on this host's disk."""
    engine = platform.serving.database.engine
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                yield repr(tuple(row)).encode()
    for path in platform.home.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def a_text(platform: Platform) -> dict[str, Any]:
    platform.make_list()
    add(platform, "keyword", "zorvimel")
    add(platform, "email", "listed.person@mail.example")
    said = {
        "text": f"{MARK} zorvimel {MARK} listed.person@mail.example https://{MARK}.example/",
        "accounts": [f"{MARK}-account"],
        "emails": [f"{MARK}@mail.example"],
    }
    headers = {"Idempotency-Key": "one"}
    answer = platform.http.post("/v1/texts", json=said, headers=headers)
    assert answer.status_code == 200
    assert platform.http.post("/v1/texts", json=said, headers=headers).json() == answer.json()
    return dict(answer.json())


def test_nothing_of_a_text_is_kept_but_where_it_matched_what(
    platform: Platform, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = a_text(platform)
    assert len(answer["matches"]) == 2
    search = platform.http.post("/v1/searches", json={"query": f"{MARK} zorvimel"}).json()
    assert search["blocked"]
    wrong = platform.http.post("/v1/texts", json={"text": MARK, "emails": [MARK]})
    assert MARK not in wrong.text
    assert platform.http.post("/v1/texts", json={"text": MARK, MARK: [3]}).status_code == 422
    platform.http.post("/v1/urls", json={"urls": [f"ftp://{MARK}.example/"]})
    platform.serving.look_ups.step()
    for kept in everything_kept(platform):
        assert MARK.encode() not in kept
        assert b"listed.person" not in kept
    assert MARK not in "".join(capfd.readouterr())
    assert MARK not in wrong.text
    assert list((platform.home / "inbox").iterdir()) == []


def test_a_text_is_kept_encrypted_where_a_rule_says_so(platform: Platform) -> None:
    platform.make_list()
    add(platform, "keyword", "zorvimel")
    rules = 'policy: 1\nrules: [{id: k, when: "matches.size() > 0", action: review, keep: [text]}]'
    put_in_force(platform, rules)
    platform.http.post("/v1/texts", json={"text": f"{MARK} alone"})
    assert list((platform.home / "inbox").iterdir()) == []
    platform.http.post("/v1/texts", json={"text": f"{MARK} zorvimel"})
    (held,) = (platform.home / "inbox").iterdir()
    lines = platform.serving.settings.vault_key.read_text().splitlines()
    key = x25519.Identity.from_str(lines[-1])
    assert pyrage.decrypt(held.read_bytes(), [key]).decode() == f"{MARK} zorvimel"
    assert not any(MARK.encode() in kept for kept in everything_kept(platform))


def put_in_force(platform: Platform, rules: str) -> None:
    serving = platform.serving
    owner = serving.keys.actor(platform.key).organisation_id
    with serving.database.work() as work:
        policies = Policies(work)
        number = policies.save(owner, rules, actor="test", now=serving.clock.now())
        policies.activate(owner, number)


def test_a_call_that_is_repeated_with_another_text_is_refused(platform: Platform) -> None:
    headers = {"Idempotency-Key": "one"}
    assert platform.http.post("/v1/texts", json={"text": "a"}, headers=headers).is_success
    again = platform.http.post("/v1/texts", json={"text": "b"}, headers=headers)
    assert (again.status_code, again.json()["code"]) == (422, "key_reused")


def test_a_repeated_call_is_told_by_a_digest_that_needs_a_key(platform: Platform) -> None:
    """From a plain one a short text could be guessed."""
    said = {"text": "zorvimel"}
    platform.http.post("/v1/texts", json=said, headers={"Idempotency-Key": "one"})
    with platform.serving.database.engine.connect() as connection:
        kept = connection.execute(text("SELECT request_sha256 FROM idempotency_keys")).scalar_one()
    plain = digest_of_request(
        repr(asdict(Written("zorvimel"))).encode(),
        repr((asdict(UploaderFacts()), asdict(ContextFacts()))).encode(),
    )
    assert bytes(kept) not in (plain, plain.hex().encode())


def test_private_messages_are_not_read_without_a_basis(platform: Platform) -> None:
    said = {"text": "a", "context": {"surface": "message"}}
    answer = platform.http.post("/v1/texts", json=said)
    assert (answer.status_code, answer.json()["code"]) == (403, "surface_not_lawful")


def test_a_text_is_no_search(platform: Platform) -> None:
    said = {"text": "a", "context": {"surface": "search"}}
    assert platform.http.post("/v1/texts", json=said).status_code == 422


def test_a_text_that_is_too_long_is_refused_before_it_is_read(platform: Platform) -> None:
    most = platform.serving.settings.max_text_bytes
    answer = platform.http.post("/v1/texts", json={"text": "é" * (most // 2 + 1)})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    url = platform.http.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
        connection.sendall(
            b"POST /v1/texts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer %s\r\nContent-Length: 100000000\r\n\r\n" % platform.key.encode()
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_long_text_that_does_not_say_how_long_is_not_read_to_its_end(platform: Platform) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"text": "'
        for _ in range(100):
            yield b"a" * 1_000_000

    before = peak_memory_bytes()
    answer = platform.http.post(
        "/v1/texts", content=pieces(), headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert peak_memory_bytes() - before < 50_000_000


def peak_memory_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_one_word_very_often_is_told_a_hundred_times_and_hides_no_other(platform: Platform) -> None:
    platform.make_list()
    add(platform, "keyword", "漢", "a", "漢" * 500)
    add(platform, "keyword", "zorvimel")
    many = platform.http.post("/v1/texts", json={"text": "漢" * 300_000 + " zorvimel"}).json()
    assert (len(many["matches"]), many["truncated"]) == (201, True)
    assert many["problem"] == "text.truncated"
    one_word = platform.http.post("/v1/texts", json={"text": "a" * 1_000_000}).json()
    assert (one_word["matches"], one_word["truncated"]) == ([], False)


HOSTILE = [
    "\u0301" * 300_000, "\ufdfa" * 30_000, "a\x00b" * 1000, "\x01\x02\x7f", "", " " * 1_000_000,
    "http://" * 100_000, "a." * 400_000, "a@" * 400_000, "a@b.example " * 20_000, "\U0010ffff" * 9,
    "(((((" * 100_000, "\u202e\u200d\ufeff" * 10_000, "x" * 900_000,
]  # fmt: skip


CUT = {6, 9}
"""Of these, what has a link too long, or more links and addresses, than are looked up."""


def test_a_text_of_any_kind_is_decided(platform: Platform) -> None:
    platform.make_list()
    add(platform, "keyword", "zorvimel")
    add(platform, "regex", r"(x+x+)+y")
    for number, written in enumerate(HOSTILE):
        answer = platform.http.post("/v1/texts", json={"text": written})
        assert answer.status_code == 200, number
        cut = answer.json()["truncated"]
        assert (answer.json()["action"], answer.json()["matches"]) == (
            "review" if cut else "allow", [],
        ), number  # fmt: skip
        assert cut == (number in CUT)


def test_what_is_no_text_is_refused(platform: Platform) -> None:
    headers = {"Content-Type": "application/json"}
    for body in (b'{"text": "\\ud800"}', b'{"text": "\xff"}', b'{"text": 3}', b"[" * 60_000, b"",
                 b"null", b'{"text": "a", "surface": 1}'):  # fmt: skip
        answer = platform.http.post("/v1/texts", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), body[:9]
    answer = platform.http.post("/v1/texts", content=b"a", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_hostile_links_are_looked_up_or_named(platform: Platform) -> None:
    sent = ["http://a.example/" + "a/" * 8000, "http://a.example/" + "a" * 90_000, "http://[::1]/",
            "http://user@host.example/", "http://\u0000", "http://%ff.example",
            "x" * 99_999]  # fmt: skip
    answer = platform.http.post("/v1/urls", json={"urls": sent})
    assert answer.status_code == 200
    assert [each["item"] for each in answer.json()["problems"]] == [1, 4, 5, 6]
    too_many = platform.http.post("/v1/urls", json={"urls": ["a.example"] * 1001})
    assert too_many.status_code == 422


def test_an_entry_of_a_negative_list_takes_back_its_own_word_alone(platform: Platform) -> None:
    platform.make_list()
    platform.make_list("harmless", kind="negative")
    add(platform, "keyword", "zorvimel", "zorvimel street")
    why = {"note": "the name of a street", "expires": "2999-01-01T00:00:00Z"}
    add(platform, "keyword", "zorvimel street", to="harmless", **why)
    answer = platform.http.post("/v1/texts", json={"text": "in Zorvimel Street"}).json()
    assert [(each["start"], each["end"]) for each in answer["suppressed"]] == [(3, 18)]
    assert sorted((each["list"], each["end"]) for each in answer["matches"]) == [
        ("harmless", 18), ("known", 11),
    ]  # fmt: skip


def test_a_wide_entry_of_a_negative_list_takes_back_no_narrower_one(platform: Platform) -> None:
    platform.make_list()
    platform.make_list("harmless", kind="negative")
    why = {"note": "mostly harmless", "expires": "2999-01-01T00:00:00Z"}
    for kind, narrow, wide in (
        ("url_prefix", "https://hub.example/rooms/7", "https://hub.example"),
        ("url_host", "bad.host.example", "host.example"),
        ("account", "chat:zorvi", "zorvi"),
    ):
        add(platform, kind, narrow)
        add(platform, kind, wide, to="harmless", **why)
    sent = ["https://hub.example/rooms/7/x", "https://bad.host.example/"]
    results = platform.http.post("/v1/urls", json={"urls": sent}).json()["results"]
    assert [{each["list"] for each in some} for some in results] == [{"known", "harmless"}] * 2
    said = {"text": " and ".join(sent), "accounts": ["chat:zorvi"]}
    answer = platform.http.post("/v1/texts", json=said).json()
    assert (answer["action"], answer["suppressed"]) == ("review", [])


def test_links_texts_and_what_they_match_are_counted_by_key(platform: Platform) -> None:
    platform.make_list()
    add(platform, "url_host", "bad.example")
    add(platform, "keyword", "zorvimel", "quandelu")
    platform.serving.look_ups.step()
    key = platform.another_key()
    headers = {"Authorization": f"Bearer {key}"}
    platform.anyone.post("/v1/urls", json={"urls": ["bad.example", "a.b"]}, headers=headers)
    said = {"text": "zorvimel quandelu", "accounts": ["a", "b"]}
    platform.anyone.post("/v1/texts", json=said, headers=headers)
    platform.serving.look_ups.step()
    name = platform.serving.keys.actor(key).name
    with platform.serving.database.reading() as work:
        asked = text("SELECT SUM(asked), SUM(matched) FROM caller_hours WHERE caller = :name")
        assert work.execute(asked, {"name": name}).one() == (2 + 5, 1 + 2)


def test_lists_of_others_are_not_searched(platform: Platform) -> None:
    platform.make_list()
    add(platform, "keyword", "zorvimel")
    add(platform, "regex", "zorvi...")
    with platform.serving.database.work() as work:
        theirs = create_organisation(work, "another", platform.serving.clock.now())
        key = create_key(work, theirs, "k", Scope, now=platform.serving.clock.now())
    headers = {"Authorization": f"Bearer {key}"}
    answer = platform.anyone.post("/v1/texts", json={"text": "zorvimel"}, headers=headers).json()
    assert answer["matches"] == []


def test_names_are_told_as_keyed_digests_and_can_be_added_again(platform: Platform) -> None:
    platform.make_list()
    add(platform, "account", "chat:zorvi", source="us")
    (signal,) = platform.http.get("/v1/lists/known/signals").json()["signals"]
    assert signal["value"].startswith("hmac-sha256:")
    plain = hashlib.sha256(b"chat:zorvi").hexdigest()
    assert plain not in signal["value"]
    platform.make_list("copy")
    add(platform, "account", signal["value"], to="copy")
    answer = platform.http.post("/v1/texts", json={"accounts": ["chat:ZORVI"]}).json()
    assert {each["list"] for each in answer["matches"]} == {"known", "copy"}
    other = platform.http.post("/v1/texts", json={"accounts": ["zorvi", "mail:zorvi"]}).json()
    assert other["matches"] == []


WRONG = [
    ("keyword", "!!!", "punctuation"), ("keyword", "a" * 501, "500"), ("regex", "(", "RE2"),
    ("url", "ftp://a.example", "http"), ("url_host", "example", "dot"), ("email", "a", "DOMAIN"),
    ("email", "hmac-sha256:12", "64"), ("account", "@", "letters"),
]  # fmt: skip


def test_what_cannot_be_listed_is_refused_by_field(platform: Platform) -> None:
    platform.make_list()
    for kind, value, words in WRONG:
        body = {"signals": [{"algorithm": kind, "value": value}]}
        answer = platform.http.post("/v1/lists/known/signals", json=body)
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith("signals.0.value ")
        assert words in answer.json()["detail"]


def test_a_link_within_a_link_and_the_host_of_an_endless_one_are_found(platform: Platform) -> None:
    platform.make_list()
    add(platform, "url", "https://bad.example/b")
    add(platform, "url_host", "host.example")
    endless = "https://host.example/" + "a" * 20_000
    said = f"https://go.example/?to=https%3A%2F%2Fbad.example%2Fb and {endless}"
    answer = platform.http.post("/v1/texts", json={"text": said}).json()
    assert {each["algorithm"] for each in answer["matches"]} == {"url", "url_host"}
    assert answer["truncated"]
    outer = "https://go.example/?to=https://bad.example/b"
    answer = platform.http.post("/v1/urls", json={"urls": [outer]}).json()
    assert [each["algorithm"] for each in answer["results"][0]] == ["url"]


def test_an_odd_name_is_told_by_its_place_and_the_rest_is_looked_up(platform: Platform) -> None:
    platform.make_list()
    add(platform, "account", "zorvi")
    said = {"text": "a", "accounts": [" ", "zorvi", "x" * 400], "emails": ["nope"]}
    answer = platform.http.post("/v1/texts", json=said).json()
    assert [each["item"] for each in answer["matches"]] == [1]
    told = [(each["field"], each["item"]) for each in answer["problems"]]
    assert told == [("accounts", 0), ("accounts", 2), ("emails", 0)]
    answer = platform.http.post("/v1/urls", json={"urls": ["", "a.example"]}).json()
    assert [each["item"] for each in answer["problems"]] == [0]
