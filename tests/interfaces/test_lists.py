"""Lists over HTTP: made, changed, paged, and followed by whoever keeps a copy."""

import pytest

from tests.interfaces.conftest import Platform


def md5(number: int) -> dict[str, object]:
    return {"algorithm": "md5", "value": f"{number:032x}"}


def add(platform: Platform, *numbers: int) -> list[str]:
    body = {"signals": [md5(number) for number in numbers]}
    answer = platform.http.post("/v1/lists/known/signals", json=body)
    assert answer.status_code == 201
    signals = answer.json()["signals"]
    assert isinstance(signals, list)
    return signals


def withdraw(platform: Platform, *signals: str) -> int:
    body = {"signals": signals}
    return platform.http.post("/v1/lists/known/withdrawals", json=body).status_code


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
def test_a_copy_that_follows_the_feed_is_as_the_list(platform: Platform, limit: int) -> None:
    platform.make_list()
    first = add(platform, 1, 2, 3, 4, 5)
    add(platform, 2, 6)
    assert withdraw(platform, first[0], first[4]) == 201
    copy: dict[str, str] = {}
    place, more = "0", True
    while more:
        page = platform.http.get(
            "/v1/lists/known/changes", params={"after": place, "limit": limit}
        ).json()
        assert len(page["added"]) + len(page["withdrawn"]) <= limit
        for number in page["withdrawn"]:
            copy.pop(number, None)
        copy |= {each["signal"]: each["value"] for each in page["added"]}
        place, more = page["next"], page["more"]
    shown = platform.http.get("/v1/lists/known/signals").json()["signals"]
    assert copy == {each["signal"]: each["value"] for each in shown}
    assert sorted(copy.values()) == [f"{number:032x}" for number in (2, 3, 4, 6)]
    add(platform, 7)
    (new,) = platform.http.get("/v1/lists/known/changes", params={"after": place}).json()["added"]
    assert new["value"] == f"{7:032x}"


@pytest.mark.parametrize("ahead", ["2", "5000", "1.0.7"])
def test_a_copy_that_is_ahead_of_the_list_is_told_to_begin_again(
    platform: Platform, ahead: str
) -> None:
    platform.make_list()
    add(platform, 1, 2)
    answer = platform.http.get("/v1/lists/known/changes", params={"after": ahead})
    assert (answer.status_code, answer.json()["code"]) == (409, "unknown_revision")
    assert "is at revision 1" in answer.json()["detail"]
    assert "Begin again at 0" in answer.json()["detail"]
    up_to_date = platform.http.get("/v1/lists/known/changes", params={"after": "1"})
    assert up_to_date.json() == {
        "added": [], "withdrawn": [], "revision": 1, "next": "1", "more": False,
    }  # fmt: skip
    within = platform.http.get("/v1/lists/known/changes", params={"after": "0.0.1"})
    assert within.status_code == 200


def test_signals_are_paged(platform: Platform) -> None:
    platform.make_list()
    signals = add(platform, *range(10))
    found: list[str] = []
    place: dict[str, str] = {}
    while True:
        page = platform.http.get("/v1/lists/known/signals", params={"limit": 3, **place}).json()
        found += [each["signal"] for each in page["signals"]]
        if page["next"] is None:
            break
        place = {"after": page["next"]}
    assert found == signals


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"name": "Known"}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": "x", "kind": "other"}, "kind"),
        ({"name": "x", "radius_bits": 32}, "radius_bits"),
        ({"name": "x", "radius_bits": True}, "radius_bits"),
        ({"name": "x", "kind": "negative", "radius_bits": 11}, "radius"),
        ({"name": "x", "more": 1}, "more"),
        ({}, "name"),
    ],
)
def test_a_list_that_cannot_be_is_refused_by_field(
    platform: Platform, body: dict[str, object], words: str
) -> None:
    answer = platform.http.post("/v1/lists", json=body)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_a_name_is_taken_once(platform: Platform) -> None:
    platform.make_list()
    assert platform.http.post("/v1/lists", json={"name": "known"}).status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithm": "pdq", "value": "0" * 32}, {"algorithm": "md5", "value": "g" * 32},
        {"algorithm": "x", "value": "0" * 32}, {"value": "0" * 32},
        md5(1) | {"expires": "2030-01-01T00:00:00"}, md5(1) | {"confidence": 2},
        md5(1) | {"note": "\u0000"}, md5(1) | {"labels": ["x"] * 51},
    ],
)  # fmt: skip
def test_a_signal_that_cannot_be_is_refused_and_none_is_added(
    platform: Platform, wrong: dict[str, object]
) -> None:
    platform.make_list()
    body = {"signals": [md5(2), wrong]}
    answer = platform.http.post("/v1/lists/known/signals", json=body)
    assert answer.status_code == 422
    assert "0" * 32 not in answer.text
    assert platform.http.get("/v1/lists/known/signals").json()["signals"] == []


@pytest.mark.parametrize(
    "incomplete",
    [{}, {"note": "ours"}, {"expires": "2999-01-01T00:00:00Z"},
     {"note": " ", "expires": "2999-01-01T00:00:00Z"}],
)  # fmt: skip
def test_a_negative_entry_needs_a_reason_and_an_end(
    platform: Platform, incomplete: dict[str, object]
) -> None:
    platform.make_list("harmless", kind="negative")
    assert platform.http.get("/v1/lists/harmless").json()["radius_bits"] == 10
    complete = {"note": "ours", "expires": "2999-01-01T00:00:00Z"}
    body = {"signals": [md5(1) | complete, md5(2) | incomplete]}
    answer = platform.http.post("/v1/lists/harmless/signals", json=body)
    assert answer.status_code == 422
    assert platform.http.get("/v1/lists/harmless/signals").json()["signals"] == []


def test_a_negative_entry_waits_for_somebody_else(platform: Platform) -> None:
    platform.make_list("harmless", kind="negative")
    entry = md5(1) | {"note": "ours", "expires": "2999-01-01T00:00:00Z"}
    answer = platform.http.post("/v1/lists/harmless/signals", json={"signals": [entry]})
    assert (answer.status_code, answer.json()["revision"]) == (202, None)
    path = f"/v1/lists/harmless/proposals/{answer.json()['proposal']}"
    (waiting,) = platform.http.get("/v1/lists/harmless/proposals").json()
    assert (waiting["signals"], waiting["proposal"]) == (1, answer.json()["proposal"])
    (held,) = platform.http.get(f"{path}/signals").json()["signals"]
    assert (held["value"], held["note"]) == (md5(1)["value"], "ours")
    refused = platform.http.post(f"{path}/confirmation")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_a_person")
    assert platform.http.get("/v1/lists/harmless/signals").json()["signals"] == []
    platform.confirm("harmless", answer.json()["proposal"])
    assert len(platform.http.get("/v1/lists/harmless/signals").json()["signals"]) == 1
    assert platform.http.get("/v1/lists/harmless/proposals").json() == []


def test_a_proposal_can_be_taken_back(platform: Platform) -> None:
    platform.make_list("harmless", kind="negative")
    entry = md5(1) | {"note": "ours", "expires": "2999-01-01T00:00:00Z"}
    answer = platform.http.post("/v1/lists/harmless/signals", json={"signals": [entry]})
    path = f"/v1/lists/harmless/proposals/{answer.json()['proposal']}"
    assert platform.http.delete(path).status_code == 204
    assert platform.http.delete(path).status_code == 404
    assert platform.http.get(f"{path}/signals").status_code == 404


def test_withdrawing_what_is_not_there_changes_nothing(platform: Platform) -> None:
    platform.make_list()
    signals = add(platform, 1)
    assert withdraw(platform, signals[0], "999") == 404
    assert withdraw(platform, signals[0]) == 201
    assert withdraw(platform, signals[0]) == 404
    assert platform.http.get("/v1/lists/known").json()["revision"] == 2


def test_a_look_up_says_what_matched_and_how_far_it_looked(platform: Platform) -> None:
    platform.make_list()
    platform.make_list("other", kind="suspect")
    (number,) = platform.add(md5(1) | {"source": "a hotline", "labels": ["x"]})
    asked = {"hashes": [md5(2), md5(1)]}
    answer = platform.http.post("/v1/matches", json=asked).json()
    assert answer["revisions"] == {"known": 1, "other": 0}
    assert answer["results"][0] == []
    (match,) = answer["results"][1]
    assert (match["signal"], match["source"], match["labels"]) == (number, "a hotline", ["x"])


def test_too_many_hashes_are_refused(platform: Platform) -> None:
    assert platform.http.post("/v1/matches", json={"hashes": [md5(1)] * 1001}).status_code == 422
    assert platform.http.post("/v1/matches", json={"hashes": []}).status_code == 422


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'{"hashes": "\xff"}', b"null"])
def test_a_body_that_is_not_json_is_refused(platform: Platform, body: bytes) -> None:
    answer = platform.http.post(
        "/v1/matches", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
