"""Notices: taken in, answered in time, and telling nobody what is listed or who told."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text

from amparo.access.model import Scope
from amparo.app.serving import open_inbox
from amparo.app.sweep import Sweep
from amparo.core.clock import SystemClock
from amparo.respond.review.notices.store import KEPT, newly_overdue
from amparo.testing.hostile import encoded, photograph_like
from tests.interfaces.conftest import Platform
from tests.interfaces.test_access import a_key

PICTURE = encoded(photograph_like(), "JPEG")
OTHER = encoded(photograph_like(seed=7), "JPEG")
URL = "https://platform.example.org/posts/1"
SIGNED = {
    "kind": "intimate-images",
    "urls": [URL],
    "contact": "ana@example.org",
    "signature": "Ana",
    "good_faith": True,
    "language": "es",
}


class Later:
    """The machine's clock, so much later."""

    def __init__(self, by: timedelta) -> None:
        self.by = by

    def now(self) -> datetime:
        return SystemClock().now() + self.by


def tell(platform: Platform, said: dict[str, object], **others: object) -> dict[str, str]:
    answer = platform.http.post("/v1/notices", json=said, **others)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def tell_with_file(platform: Platform, data: bytes, said: dict[str, object]) -> httpx2.Response:
    return platform.http.post(
        "/v1/notices", files={"file": data}, data={"metadata": json.dumps(said)}
    )


def ask(platform: Platform, number: str, secret: str, **query: str) -> httpx2.Response:
    """As whoever told, who has no key."""
    return httpx2.get(
        f"{platform.http.base_url}/v1/notices/{number}",
        headers={"X-Notice-Secret": secret}, params=query, trust_env=False,
    )  # fmt: skip


def hours(made: dict[str, str]) -> float:
    took = datetime.fromisoformat(made["due_at"]) - datetime.fromisoformat(made["received_at"])
    return took.total_seconds() / 3600


def test_somebody_tells_asks_and_is_answered_in_their_language(platform: Platform) -> None:
    made = tell(platform, SIGNED)
    assert hours(made) == 48
    assert made["signed"] is True
    waiting = ask(platform, made["number"], made["secret"]).json()
    assert waiting["outcome"] is None
    assert waiting["said"] == "Tenemos su aviso y lo responderemos."
    body = {"outcome": "removed", "why": "Infringe nuestras reglas."}
    answer = platform.http.post(f"/v1/notices/{made['number']}/answer", json=body)
    assert answer.status_code == 201
    told = ask(platform, made["number"], made["secret"]).json()
    assert told["said"] == "Hemos retirado el contenido del que nos avisó."
    assert told["why"] == "Infringe nuestras reglas."
    english = ask(platform, made["number"], made["secret"], language="en").json()
    assert english["said"] == "We have removed what you told us about."
    again = platform.http.post(f"/v1/notices/{made['number']}/answer", json=body)
    assert again.status_code == 409


@pytest.mark.parametrize("why", ["", "  \n"])
def test_an_answer_without_a_reason_is_not_taken(platform: Platform, why: str) -> None:
    path = f"/v1/notices/{tell(platform, SIGNED)['number']}/answer"
    refused = platform.http.post(path, json={"outcome": "passed-on", "why": why})
    assert (refused.status_code, refused.json()["code"]) == (422, "no_reason")
    assert refused.json()["detail"].startswith("Say why")
    taken = platform.http.post(path, json={"outcome": "passed-on", "why": "To the hotline."})
    assert taken.status_code == 201


@pytest.mark.parametrize(
    ("said", "due", "signed"),
    [
        (SIGNED, 48, True),
        (SIGNED | {"signature": " "}, 48, False),
        (SIGNED | {"good_faith": False}, 48, False),
        (SIGNED | {"contact": ""}, 48, False),
        (SIGNED | {"urls": [], "explanation": "in a group"}, 48, False),
        ({"kind": "child", "urls": [URL]}, 24, False),
        ({"kind": "other", "explanation": "look there"}, 168, False),
        ({"kind": "other", "urls": [URL], "sender": "hotline"}, 24, False),
        ({"kind": "other", "urls": [URL], "sender": "trusted-flagger"}, 24, False),
    ],
)
def test_each_has_its_clock(
    platform: Platform, said: dict[str, object], due: int, signed: bool
) -> None:
    made = tell(platform, said)
    assert hours(made) == due
    assert made["signed"] is signed


def test_only_keys_that_say_so_tell_as_a_hotline(platform: Platform) -> None:
    key = a_key(platform, Scope.NOTICES_SUBMIT)
    headers = {"Authorization": f"Bearer {key}"}
    for sender, status in (("user", 201), ("hotline", 403), ("trusted-flagger", 403)):
        said = {"kind": "other", "urls": [URL], "sender": sender}
        answer = platform.http.post("/v1/notices", json=said, headers=headers)
        assert answer.status_code == status, sender


@pytest.mark.parametrize(
    "said",
    [{}, {"kind": "x"}, {"kind": "other"}, {"kind": "other", "explanation": " "},
     {"kind": "other", "urls": [""]}, {"kind": "other", "urls": [URL] * 21},
     {"kind": "other", "urls": [URL], "good_faith": 1}, {"kind": "other", "urls": [f"{URL}\x00b"]},
     {"kind": "other", "urls": [URL], "verdict": "guilty"}],
)  # fmt: skip
def test_what_cannot_be_right_is_told_and_not_taken(
    platform: Platform, said: dict[str, object]
) -> None:
    assert platform.http.post("/v1/notices", json=said).status_code == 422
    assert platform.http.get("/v1/notices").json() == []


@pytest.mark.parametrize(
    "wrong",
    ["x", "javascript:alert(1)", "data:text/html,x", "//host/x", "http:///x", "ftp://host/x",
     "https://[x", "https://a b/", "https://host/\n"],
)  # fmt: skip
def test_a_url_that_no_browser_should_open_is_named(platform: Platform, wrong: str) -> None:
    said = {"kind": "other", "urls": [URL, wrong]}
    refused = platform.http.post("/v1/notices", json=said)
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("urls.1: ")
    assert wrong not in refused.json()["detail"] or wrong == "x"


def test_urls_of_the_web_are_taken(platform: Platform) -> None:
    urls = [URL, " HTTP://192.0.2.1:8080/a b ", "https://müller.example/?q=ñ#x"]
    made = tell(platform, {"kind": "other", "urls": urls})
    told = platform.http.get(f"/v1/notices/{made['number']}/told").json()
    assert told["urls"] == [each.strip() for each in urls]


def test_what_is_not_there_or_no_json_is_named(platform: Platform) -> None:
    alone = platform.http.post("/v1/notices", files={"file": PICTURE})
    broken = platform.http.post("/v1/notices", files={"file": PICTURE}, data={"metadata": "{"})
    json_type = {"Content-Type": "application/json"}
    empty = platform.http.post("/v1/notices", content=b"", headers=json_type)
    assert {each.status_code for each in (alone, broken, empty)} == {422}
    assert "a part `metadata`" in alone.json()["detail"]
    assert broken.json()["detail"].startswith("metadata: ")
    assert empty.json()["detail"].startswith("body: ")


def test_nobody_finds_a_notice_without_its_secret(platform: Platform) -> None:
    made, other = tell(platform, SIGNED), tell(platform, SIGNED)
    assert re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", made["number"])
    refused = [
        ask(platform, made["number"], secret)
        for secret in ("", "x", other["secret"], made["secret"][:-1], "ä")
        if secret.isascii()
    ]
    refused += [ask(platform, number, made["secret"]) for number in ("x", "AAAA-AAAA-AAAA-AAAA")]
    assert {answer.status_code for answer in refused} == {404}
    assert len({answer.json()["detail"] for answer in refused}) == 1
    assert ask(platform, made["number"], made["secret"].lower()).status_code == 200


@pytest.mark.parametrize(
    "copied",
    [
        lambda typed: typed.lower(),
        lambda typed: typed.replace("-", ""),
        lambda typed: typed.replace("-", " "),
        lambda typed: typed.replace("-", " - ").title(),
    ],
    ids=["lower", "no hyphens", "spaces", "both"],
)
def test_number_and_secret_are_known_however_they_were_copied(
    platform: Platform, copied: Callable[[str], str]
) -> None:
    made = tell(platform, SIGNED)
    number, secret = copied(made["number"]), copied(made["secret"])
    asked = ask(platform, number, secret)
    assert (asked.status_code, asked.json()["number"]) == (200, made["number"])
    assert ask(platform, number, secret[::-1]).status_code == 404
    assert ask(platform, number, f"{secret}A").status_code == 404
    assert platform.http.get(f"/v1/notices/{number}/told").json()["number"] == made["number"]
    body = {"outcome": "kept", "why": "x"}
    answered = platform.http.post(f"/v1/notices/{number}/answer", json=body)
    assert answered.json()["number"] == made["number"]
    with platform.serving.database.reading() as work:
        told = work.execute(text("SELECT payload FROM outbox")).scalars()
        assert made["number"] in str(list(told)[-1])


def test_a_notice_does_not_tell_what_is_listed(platform: Platform) -> None:
    platform.make_list()
    platform.add({"algorithm": "md5", "value": hashlib.md5(PICTURE).hexdigest()})
    said = {"kind": "child", "explanation": "somebody sent me this"}
    listed = tell_with_file(platform, PICTURE, said)
    unlisted = tell_with_file(platform, OTHER, said)
    assert listed.status_code == unlisted.status_code == 201
    assert listed.json().keys() == unlisted.json().keys()
    assert hours(listed.json()) == hours(unlisted.json())
    for one in (listed.json(), unlisted.json()):
        status = ask(platform, one["number"], one["secret"]).json()
        assert status["said"] == "We have your notice and will answer it."
    shown = {
        one["number"]: platform.http.get(f"/v1/notices/{one['number']}/told").json()["matches"]
        for one in (listed.json(), unlisted.json())
    }
    assert [match["list"] for match in shown[listed.json()["number"]]] == ["known"]
    assert shown[unlisted.json()["number"]] == []


def test_a_file_is_kept_encrypted_and_no_sweep_takes_it(platform: Platform) -> None:
    tell_with_file(platform, PICTURE, {"kind": "child"})
    held = list((platform.home / "inbox").iterdir())
    assert len(held) == 1
    assert PICTURE[200:260] not in held[0].read_bytes()
    serving = platform.serving
    sweep = Sweep(serving.database, open_inbox(serving.settings), Later(timedelta(days=3)))
    assert sweep.step() == sweep.step() == 0
    assert held[0].exists()


@pytest.mark.parametrize("explanation", ["a friend of mine", ""])
def test_who_told_is_sealed_and_forgotten_long_after_the_answer(
    platform: Platform, explanation: str
) -> None:
    made = tell(platform, SIGNED | {"explanation": explanation})
    path = f"/v1/notices/{made['number']}"
    assert platform.http.get(f"{path}/told").json()["contact"] == "ana@example.org"
    kept = all_rows(platform)
    for told in filter(None, ("ana@example.org", URL, explanation)):
        assert told not in kept
    assert made["secret"] not in all_rows(platform)
    platform.http.post(f"{path}/answer", json={"outcome": "kept", "why": "x"})
    serving = platform.serving
    inbox = open_inbox(serving.settings)
    Sweep(serving.database, inbox, Later(KEPT - timedelta(hours=1))).step()
    before = platform.http.get(f"{path}/told").json()
    assert (before["contact"], before["explanation"]) == ("ana@example.org", explanation)
    Sweep(serving.database, inbox, Later(KEPT + timedelta(hours=1))).step()
    told = platform.http.get(f"{path}/told").json()
    assert (told["contact"], told["explanation"], told["urls"]) == ("", "", [])
    assert ask(platform, made["number"], made["secret"]).json()["outcome"] == "kept"


@pytest.mark.parametrize("said", [{"kind": "other", "urls": [URL]}, {"kind": "child"}])
def test_a_notice_without_words_is_forgotten_too_with_its_file(
    platform: Platform, said: dict[str, object]
) -> None:
    if "urls" in said:
        number = tell(platform, said)["number"]
    else:
        number = tell_with_file(platform, PICTURE, said).json()["number"]
        assert list((platform.home / "inbox").iterdir())
    path = f"/v1/notices/{number}"
    platform.http.post(f"{path}/answer", json={"outcome": "kept", "why": "x"})
    serving = platform.serving
    later = Later(KEPT + timedelta(hours=1))
    sweep = Sweep(serving.database, open_inbox(serving.settings), later)
    for _ in range(2):  # the second removes what the first saw without a name
        sweep.step()
    told = platform.http.get(f"{path}/told").json()
    assert (told["urls"], told["has_file"]) == ([], False)
    assert not list((platform.home / "inbox").iterdir())


@pytest.mark.parametrize("number", ["%00", "AAAA-%00AAA-AAAA-AAAA", "%F0%9F%98%80", "x" * 19])
def test_what_can_be_no_notices_number_is_not_found(platform: Platform, number: str) -> None:
    body = {"outcome": "kept", "why": "x"}
    assert platform.http.get(f"/v1/notices/{number}/told").status_code == 404
    assert platform.http.post(f"/v1/notices/{number}/answer", json=body).status_code == 404


def all_rows(platform: Platform) -> str:
    with platform.serving.database.reading() as work:
        tables = ("notices", "audit_entries", "outbox", "idempotency_keys")
        return repr([work.execute(text(f"SELECT * FROM {table}")).all() for table in tables])


def test_what_is_due_first_comes_first_and_the_overdue_are_told_once(platform: Platform) -> None:
    later, sooner = tell(platform, {"kind": "other", "urls": [URL]}), tell(platform, SIGNED)
    waiting = platform.http.get("/v1/notices").json()
    assert [each["number"] for each in waiting] == [sooner["number"], later["number"]]
    now = Later(timedelta(hours=49)).now()
    with platform.serving.database.work() as work:
        assert [each.number for each in newly_overdue(work, now)] == [sooner["number"]]
        assert newly_overdue(work, now) == ()


def test_the_same_call_made_twice_is_one_notice(platform: Platform) -> None:
    headers = {"Idempotency-Key": "n-1"}
    first, second = (tell(platform, SIGNED, headers=headers) for _ in range(2))
    assert first == second
    assert len(platform.http.get("/v1/notices").json()) == 1
    other = platform.http.post("/v1/notices", json=SIGNED | {"urls": []}, headers=headers)
    assert other.status_code == 422


def test_looks_and_answers_are_on_record_and_others_see_nothing(platform: Platform) -> None:
    made = tell(platform, SIGNED)
    path = f"/v1/notices/{made['number']}"
    other = {"Authorization": f"Bearer {a_key(platform, *Scope, organisation='another')}"}
    assert platform.http.get(f"{path}/told", headers=other).status_code == 404
    body = {"outcome": "kept", "why": "x"}
    assert platform.http.post(f"{path}/answer", json=body, headers=other).status_code == 404
    assert platform.http.get("/v1/notices", headers=other).json() == []
    platform.http.get(f"{path}/told")
    platform.http.post(f"{path}/answer", json=body)
    with platform.serving.database.reading() as work:
        actions = work.execute(
            text("SELECT action FROM audit_entries WHERE action LIKE 'notices.%' ORDER BY id")
        ).scalars()
        assert list(actions) == ["notices.take", "notices.look", "notices.answer"]


def test_nothing_of_a_file_is_in_the_clear(platform: Platform, tmp_path: Path) -> None:
    tell_with_file(platform, PICTURE, {"kind": "child"})
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert PICTURE[200:260] not in file.read_bytes(), file
