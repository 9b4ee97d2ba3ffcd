"""HMA's documented flow, as its clients send it: banks, contents, look-ups, and what changes."""

import hashlib
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import text

from amparo.core.clock import SystemClock
from amparo.db import Database
from amparo.detect.media.sandbox import Sandbox
from amparo.testing import hostile
from tests.contract.test_keys import Hand
from tests.interfaces.conftest import WAIT_S, Platform, serving_platform
from tests.interfaces.test_media import CAT, CAT_AGAIN, ROCKET, pdq_of, submit

CAT_PDQ = str(pdq_of(CAT)["value"])
ROCKET_PDQ = str(pdq_of(ROCKET)["value"])
VIDEO = b"\x00\x00\x00\x18ftypisom" + b"no film" * 100
VIDEO_MD5 = hashlib.md5(VIDEO, usedforsecurity=False).hexdigest()


def hma(platform: Platform, verb: str, path: str, **others: Any) -> httpx2.Response:
    return platform.http.request(verb, f"/hma{path}", **others)


def a_bank(platform: Platform, name: str = "MY_BANK", **others: object) -> None:
    made = hma(platform, "POST", "/c/banks", json={"name": name} | others)
    assert made.status_code == 201, made.text


def add(platform: Platform, file: bytes, bank: str = "MY_BANK", kind: str = "photo") -> int:
    added = hma(platform, "POST", f"/c/bank/{bank}/content", files={kind: file})
    assert added.status_code == 200, added.text
    followed(platform)
    content_id = added.json()["id"]
    assert isinstance(content_id, int)
    return content_id


def followed(platform: Platform) -> None:
    """Return when this host searches what is on record."""
    waited = threading.Event()
    for _ in range(WAIT_S * 100):
        if not any(each["index_out_of_date"] for each in
                   hma(platform, "GET", "/c/signal_type/index").json().values()):  # fmt: skip
            return
        waited.wait(0.01)
    raise AssertionError("the index did not follow")


def until(platform: Platform, path: str, wanted: object) -> None:
    """Return when a call is answered so; a setting of a list has no revision to wait for."""
    waited = threading.Event()
    for _ in range(WAIT_S * 100):
        if hma(platform, "GET", path).json() == wanted:
            return
        waited.wait(0.01)
    assert hma(platform, "GET", path).json() == wanted


def raw(platform: Platform, pdq: str = CAT_PDQ, **others: object) -> Any:
    asked = {"signal": pdq, "signal_type": "pdq"} | others
    return hma(platform, "GET", "/m/raw_lookup", params=asked).json()


def test_the_documented_flow(platform: Platform) -> None:
    assert hma(platform, "GET", "/c/banks").json() == []
    made = hma(platform, "POST", "/c/banks", json={"name": "MY_BANK", "enabled": True})
    assert (made.status_code, made.json()) == (
        201, {"name": "MY_BANK", "matching_enabled_ratio": 1.0},
    )  # fmt: skip
    assert hma(platform, "GET", "/c/bank/MY_BANK").json() == made.json()

    added = hma(platform, "POST", "/c/bank/MY_BANK/content", files={"photo": ("x.jpg", CAT)})
    content_id = added.json()["id"]
    assert added.json() == {"id": content_id, "signals": {"pdq": CAT_PDQ}}
    followed(platform)

    hashed = hma(platform, "POST", "/h/hash", files={"photo": CAT_AGAIN}).json()
    distance = (int(hashed["pdq"], 16) ^ int(CAT_PDQ, 16)).bit_count()
    match = {"bank_content_id": content_id, "distance": str(distance)}
    assert raw(platform, hashed["pdq"]) == {"matches": [content_id]}
    assert raw(platform, hashed["pdq"], include_distance="true") == {"matches": [match]}
    asked = {"signal": hashed["pdq"], "signal_type": "pdq"}
    assert hma(platform, "GET", "/m/lookup", params=asked).json() == {"MY_BANK": [match]}
    looked_up = hma(platform, "POST", "/m/lookup", files={"photo": CAT_AGAIN})
    assert looked_up.json() == {"pdq": {"MY_BANK": [match]}}
    assert raw(platform, ROCKET_PDQ) == {"matches": []}

    state = hma(platform, "GET", "/m/index/status").json()
    assert state["pdq"]["present"] is True
    assert state["pdq"]["size"] == 1
    assert abs(state["pdq"]["built_to"] - SystemClock().now().timestamp()) < 60
    assert state["video_md5"] == {"present": False, "built_to": -1, "size": 0}
    assert hma(platform, "GET", "/status").text == "I-AM-ALIVE"

    content = f"/c/bank/MY_BANK/content/{content_id}"
    in_an_hour = int((SystemClock().now() + timedelta(hours=1)).timestamp())
    disabled = hma(platform, "PUT", content, json={"disable_until_ts": in_an_hour})
    assert disabled.json()["disable_until_ts"] == in_an_hour
    followed(platform)
    assert hma(platform, "GET", "/m/lookup", params=asked).json() == {}
    hma(platform, "PUT", content, json={"disable_until_ts": 0})
    followed(platform)
    assert hma(platform, "GET", "/m/lookup", params=asked).json() == {"MY_BANK": [match]}

    assert hma(platform, "DELETE", content).json() == {"deleted": 1}
    followed(platform)
    assert hma(platform, "GET", "/m/lookup", params=asked).json() == {}
    assert hma(platform, "GET", content).status_code == 404
    assert hma(platform, "DELETE", content).json() == {"deleted": 0}
    for _ in range(2):
        gone = hma(platform, "DELETE", "/c/bank/MY_BANK")
        assert (gone.status_code, gone.json()) == (200, {"message": "Done"})
    assert hma(platform, "GET", "/c/banks").json() == []


def test_a_disabled_content_has_no_consequence_until_its_time(
    database: Database, database_url: str, tmp_path: Path, sandbox: Sandbox
) -> None:
    hand = Hand()
    hand.time = SystemClock().now()
    for platform in serving_platform(database_url, tmp_path, sandbox, hand):
        platform.make_list()
        (number,) = platform.add(pdq_of(CAT))
        content = f"/c/bank/KNOWN/content/{number}"
        assert submit(platform, CAT).json()["action"] == "hold"
        soon = int((hand.time + timedelta(hours=1)).timestamp())
        hma(platform, "PUT", content, json={"disable_until_ts": soon})
        followed(platform)
        assert submit(platform, CAT).json()["action"] == "allow"
        assert raw(platform) == {"matches": []}
        hand.pass_s(3601)
        assert submit(platform, CAT).json()["action"] == "hold"
        assert raw(platform) == {"matches": [int(number)]}
        # Enabling it when its time has come changes nothing, and its number stays.
        before = platform.http.get("/v1/lists/known").json()["revision"]
        answer = hma(platform, "PUT", content, json={"disable_until_ts": 0}).json()
        assert (answer["id"], answer["disable_until_ts"]) == (int(number), 0)
        assert platform.http.get("/v1/lists/known").json()["revision"] == before


def test_importing_a_list_again_enables_nothing(platform: Platform) -> None:
    from amparo.app.change_lists import import_into
    from amparo.detect.hashing.model import Algorithm
    from amparo.detect.lists.model import Signal

    platform.make_list()
    actor = platform.serving.keys.actor(platform.key)
    serving = platform.serving
    listed = [Signal("s1", Algorithm.PDQ, CAT_PDQ)]
    import_into(serving.database, "known", listed, actor, serving.clock)
    followed(platform)
    (content_id,) = raw(platform)["matches"]
    later = int((SystemClock().now() + timedelta(days=30)).timestamp())
    path = f"/c/bank/KNOWN/content/{content_id}"
    hma(platform, "PUT", path, json={"disable_until_ts": later})
    import_into(serving.database, "known", listed, actor, serving.clock, only_these=True)
    followed(platform)
    assert raw(platform) == {"matches": []}
    assert hma(platform, "GET", path).json()["disable_until_ts"] == later


def test_the_same_picture_added_twice_is_two_contents(platform: Platform) -> None:
    a_bank(platform)
    first, second = add(platform, CAT), add(platform, CAT)
    assert first != second
    assert sorted(raw(platform)["matches"]) == [first, second]
    hma(platform, "DELETE", f"/c/bank/MY_BANK/content/{first}")
    followed(platform)
    assert raw(platform) == {"matches": [second]}


def test_a_content_of_two_hashes_has_one_number(platform: Platform) -> None:
    a_bank(platform)
    said = {"pdq": CAT_PDQ, "video_md5": VIDEO_MD5.upper(), "note": "from a film"}
    added = hma(platform, "POST", "/c/bank/MY_BANK/signal", json=said).json()
    assert added["signals"] == {"pdq": CAT_PDQ, "video_md5": VIDEO_MD5}
    followed(platform)
    assert raw(platform) == {"matches": [added["id"]]}
    by_md5 = hma(platform, "POST", "/m/lookup", files={"video": VIDEO}).json()
    match = {"bank_content_id": added["id"], "distance": "-"}
    assert by_md5 == {"video_md5": {"MY_BANK": [match]}}
    path = f"/c/bank/MY_BANK/content/{added['id']}"
    shown = hma(platform, "GET", path, params={"include_signals": "true"}).json()
    assert (shown["signals"], shown["note"]) == (added["signals"], "from a film")
    hma(platform, "PUT", path, json={"disable_until_ts": _later()})
    followed(platform)
    assert raw(platform) == {"matches": []}
    assert hma(platform, "POST", "/m/lookup", files={"video": VIDEO}).json() == {"video_md5": {}}
    hma(platform, "DELETE", path)
    assert hma(platform, "GET", path).status_code == 404


def _later() -> int:
    return int((SystemClock().now() + timedelta(days=365)).timestamp())


def test_what_is_said_of_a_content_is_kept(platform: Platform) -> None:
    a_bank(platform)
    metadata = {"content_id": "1197", "content_uri": "https://example.org/1", "json": {"a": {}}}
    fields = {"metadata": '{"content_id": "1197", "content_uri": "https://example.org/1", '
                          '"json": {"a": {}}}', "note": "seen twice"}  # fmt: skip
    added = hma(
        platform, "POST", "/c/bank/MY_BANK/content", files={"photo": CAT}, data=fields
    ).json()
    path = f"/c/bank/MY_BANK/content/{added['id']}"
    assert hma(platform, "GET", path).json() == {
        "id": added["id"],
        "disable_until_ts": 1,
        "collab_metadata": {},
        "original_media_uri": None,
        "bank": {"name": "MY_BANK", "matching_enabled_ratio": 1.0},
        "metadata": metadata,
        "note": "seen twice",
    }
    for days, status in ((5 * 365 - 1, 200), (5 * 365 + 1, 400)):
        until = int((SystemClock().now() + timedelta(days=days)).timestamp())
        disabled = hma(platform, "PUT", path, json={"disable_until_ts": until})
        assert disabled.status_code == status
    hma(platform, "PUT", path, json={"disable_until_ts": 1})
    changed = hma(platform, "PUT", path, json={"note": "seen again"}).json()
    assert (changed["note"], changed["metadata"]) == ("seen again", metadata)
    wrong = hma(
        platform, "POST", "/c/bank/MY_BANK/content", files={"photo": CAT},
        data={"metadata": '{"other": 5}'},
    )  # fmt: skip
    assert wrong.status_code == 400
    long = hma(platform, "POST", "/c/bank/MY_BANK/signal", json={"pdq": CAT_PDQ, "note": "x" * 256})
    assert long.status_code == 400


def test_a_picture_without_detail_is_hashed_as_hma_does_and_not_added(platform: Platform) -> None:
    a_bank(platform)
    plain = hostile.encoded(hostile.photograph_like(seed=1).resize((64, 64)).convert("1")
                            .point(lambda _: 0).convert("RGB"), "PNG")  # fmt: skip
    assert hma(platform, "POST", "/h/hash", files={"photo": plain}).json() == {"pdq": ""}
    assert hma(platform, "POST", "/m/lookup", files={"photo": plain}).json() == {"pdq": {}}
    refused = hma(platform, "POST", "/c/bank/MY_BANK/content", files={"photo": plain})
    assert refused.status_code == 400
    assert "too little" in refused.json()["message"]


def test_everything_is_on_record(platform: Platform) -> None:
    a_bank(platform)
    content_id = add(platform, CAT)
    hma(platform, "PUT", f"/c/bank/MY_BANK/content/{content_id}", json={"disable_until_ts": 0})
    hma(platform, "DELETE", f"/c/bank/MY_BANK/content/{content_id}")
    hma(platform, "PUT", "/c/bank/MY_BANK", json={"name": "OTHER", "enabled_ratio": 0.5})
    hma(platform, "DELETE", "/c/bank/OTHER")
    with platform.serving.database.reading() as work:
        actions = work.execute(text("SELECT action FROM audit_entries ORDER BY id")).scalars()
        assert [each for each in actions if each.startswith(("lists.", "contents."))] == [
            "lists.create", "contents.add", "contents.change", "contents.remove",
            "lists.share", "lists.rename", "lists.remove",
        ]  # fmt: skip


def test_look_ups_raise_the_same_alarm(platform: Platform) -> None:
    a_bank(platform)
    add(platform, CAT)
    for _ in range(3):
        raw(platform)
    hma(platform, "POST", "/m/lookup", files={"photo": ROCKET})
    platform.serving.look_ups.step()
    with platform.serving.database.reading() as work:
        row = work.execute(text("SELECT sum(asked), sum(matched) FROM caller_hours")).one()
    assert tuple(row) == (4, 3)
