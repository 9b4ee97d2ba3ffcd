"""Banks are lists: their names, ratios and kinds, and what removing one does."""

import hashlib
import random
import threading

import pytest
from sqlalchemy import text

from amparo.app.serving import host_folder
from amparo.detect.matching.host import Follower
from tests.interfaces.conftest import WAIT_S, Platform
from tests.interfaces.test_hma import CAT_PDQ, a_bank, add, followed, hma, raw, until
from tests.interfaces.test_media import CAT, pdq_of, sha256_of, submit

SEEDS = ("1234", "a picture", "7", "8", "9", "10")
ASKED = f"/m/lookup?signal_type=pdq&signal={CAT_PDQ}"


@pytest.mark.parametrize("name", ["my_bank", "01_BANK", "MY-BANK", "", "_BANK", "Ä", "X" * 100])
def test_a_bad_name_is_refused(platform: Platform, name: str) -> None:
    for verb, path in (("POST", "/c/banks"), ("PUT", "/c/bank/KNOWN")):
        platform.make_list() if verb == "PUT" else None
        answer = hma(platform, verb, path, json={"name": name})
        assert answer.status_code == 400
        assert answer.json()["message"].startswith("Bank names must be UPPER_WITH_UNDERSCORE")


def test_a_name_is_taken_once(platform: Platform) -> None:
    platform.make_list("my-bank")
    a_bank(platform, "OTHER")
    assert hma(platform, "POST", "/c/banks", json={"name": "MY_BANK"}).status_code == 403
    assert hma(platform, "PUT", "/c/bank/OTHER", json={"name": "MY_BANK"}).status_code == 403
    assert hma(platform, "PUT", "/c/bank/NONE", json={"name": "X"}).status_code == 404
    assert hma(platform, "PUT", "/c/bank/OTHER", json={"name": "OTHER"}).status_code == 200


def test_a_new_bank_is_a_list_of_suspect_content(platform: Platform) -> None:
    """Nothing says that people have verified it, so that a match only orders work."""
    a_bank(platform)
    add(platform, CAT)
    made = platform.http.get("/v1/lists/my_bank").json()
    assert (made["kind"], made["subject"]) == ("suspect", "child")
    assert submit(platform, CAT).json()["action"] == "review"


def test_a_confirmed_list_is_a_bank_too(platform: Platform) -> None:
    platform.make_list("from-a.hotline")
    (number,) = platform.add(pdq_of(CAT), to="from-a.hotline")
    assert hma(platform, "GET", ASKED).json() == {
        "FROM_A_HOTLINE": [{"bank_content_id": int(number), "distance": "0"}]
    }
    assert submit(platform, CAT).json()["action"] == "hold"


def test_of_two_lists_that_would_be_one_bank_the_older_is_it(platform: Platform) -> None:
    platform.make_list("a.b")
    platform.make_list("a-b")
    (first,) = platform.add(pdq_of(CAT), to="a.b")
    (second,) = platform.add(pdq_of(CAT), to="a-b")
    assert [each["name"] for each in hma(platform, "GET", "/c/banks").json()] == ["A_B"]
    assert raw(platform) == {"matches": [int(first)]}
    assert hma(platform, "GET", f"/c/bank/A_B/content/{second}").status_code == 404
    hma(platform, "PUT", "/c/bank/A_B", json={"name": "RENAMED"})
    banks = [{"name": name, "matching_enabled_ratio": 1.0} for name in ("A_B", "RENAMED")]
    assert hma(platform, "GET", "/c/banks").json() == banks
    assert hma(platform, "GET", f"/c/bank/A_B/content/{second}").status_code == 200


def test_a_bank_is_renamed_with_all_that_it_holds(platform: Platform) -> None:
    a_bank(platform)
    content_id = add(platform, CAT)
    renamed = hma(platform, "PUT", "/c/bank/MY_BANK", json={"name": "OTHER_NAME"})
    assert renamed.json() == {"name": "OTHER_NAME", "matching_enabled_ratio": 1.0}
    until(platform, ASKED, {"OTHER_NAME": [{"bank_content_id": content_id, "distance": "0"}]})
    assert hma(platform, "GET", "/c/bank/MY_BANK").status_code == 404
    assert platform.http.get("/v1/lists/other_name").status_code == 200


def test_a_ratio_is_drawn_by_the_seed_as_hma_draws_it(platform: Platform) -> None:
    a_bank(platform, enabled_ratio=0.5)
    content_id = add(platform, CAT)
    there = {"MY_BANK": [{"bank_content_id": content_id, "distance": "0"}]}
    drawn = [random.Random(seed).random() <= 0.5 for seed in SEEDS]
    assert True in drawn
    assert False in drawn
    for seed, is_there in zip(SEEDS, drawn, strict=True):
        wanted = there if is_there else {}
        assert hma(platform, "GET", f"{ASKED}&seed={seed}").json() == wanted
        assert hma(platform, "GET", f"{ASKED}&seed={seed}&bypass_coinflip=true").json() == there
        by_file = hma(platform, "POST", f"/m/lookup?seed={seed}", files={"photo": CAT}).json()
        assert by_file == {"pdq": wanted}
    assert raw(platform) == {"matches": [content_id]}


def test_a_bank_that_is_switched_off_has_no_consequence(platform: Platform) -> None:
    platform.make_list()
    platform.add(sha256_of(CAT), pdq_of(CAT))
    there = hma(platform, "GET", ASKED).json()
    assert submit(platform, CAT).json()["action"] == "block"
    off = hma(platform, "PUT", "/c/bank/KNOWN", json={"enabled": False})
    assert off.json() == {"name": "KNOWN", "matching_enabled_ratio": 0.0}
    assert platform.http.get("/v1/lists/known").json()["enabled_share"] == 0
    until(platform, ASKED, {})
    assert submit(platform, CAT).json()["action"] == "allow"
    assert len(raw(platform)["matches"]) == 1
    assert hma(platform, "GET", f"{ASKED}&bypass_coinflip=true").json() == there
    hma(platform, "PUT", "/c/bank/KNOWN", json={"enabled_ratio": 1.0})
    until(platform, ASKED, there)
    assert submit(platform, CAT).json()["action"] == "block"


def test_a_share_of_uploads_is_always_the_same(platform: Platform) -> None:
    platform.make_list()
    hashes = [{"algorithm": "md5", "value": f"{n:032x}"} for n in range(100)]
    platform.add(*hashes)
    hma(platform, "PUT", "/c/bank/KNOWN", json={"enabled_ratio": 0.5})

    def matched() -> list[bool]:
        answer = platform.http.post("/v1/matches", json={"hashes": hashes}).json()
        return [bool(each) for each in answer["results"]]

    waited = threading.Event()
    for _ in range(WAIT_S * 100):
        if not all(matched()):
            break
        waited.wait(0.01)
    first = matched()
    assert 20 < sum(first) < 80
    assert matched() == first


@pytest.mark.parametrize("ratio", [-0.1, 1.1, "x", "NaN"])
def test_a_ratio_lies_between_nothing_and_all(platform: Platform, ratio: object) -> None:
    platform.make_list()
    for verb, path in (("PUT", "/c/bank/KNOWN"), ("POST", "/c/banks")):
        body = {"name": "KNOWN" if verb == "PUT" else "OTHER", "enabled_ratio": ratio}
        assert hma(platform, verb, path, json=body).status_code == 400


def test_a_removed_bank_matches_nothing_and_its_name_is_free(platform: Platform) -> None:
    platform.make_list()
    platform.add(sha256_of(CAT), pdq_of(CAT))
    decided = submit(platform, CAT).json()
    hma(platform, "DELETE", "/c/bank/KNOWN")
    until(platform, ASKED, {})
    assert submit(platform, CAT).json()["action"] == "allow"
    assert raw(platform) == {"matches": []}
    assert platform.http.get("/v1/lists/known").status_code == 404
    assert platform.http.get(f"/v1/media/{decided['media_id']}").json() == decided
    platform.make_list()
    assert submit(platform, CAT).json()["action"] == "allow"
    platform.add(pdq_of(CAT))
    assert submit(platform, CAT).json()["action"] == "hold"


def test_a_host_that_begins_anew_knows_nothing_of_a_removed_bank(platform: Platform) -> None:
    a_bank(platform)
    add(platform, CAT)
    hma(platform, "DELETE", "/c/bank/MY_BANK")
    serving = platform.serving
    folder = host_folder(serving.settings).parent / "another"
    with Follower(serving.database, folder) as follower:
        follower.step()
        follower.step()
    from amparo.detect.matching.host import HostIndex

    index = HostIndex(folder)
    assert dict(index.lists(serving.keys.actor(platform.key).organisation_id)) == {}
    assert index.counts()["pdq"] == 0
    index.close()


def test_a_picture_whose_digest_is_harmless_is_no_match(platform: Platform) -> None:
    """As an upload: it is by the file that a digest tells, and by its hash that it would match."""
    platform.make_list()
    (known,) = platform.add(pdq_of(CAT))
    harmless = {"note": "from the news", "expires": "2099-01-01T00:00:00Z"}
    platform.make_list("harmless", kind="negative")
    platform.add(sha256_of(CAT) | harmless, to="harmless")
    assert submit(platform, CAT).json()["action"] == "allow"
    there = {"KNOWN": [{"bank_content_id": int(known), "distance": "0"}]}
    assert hma(platform, "POST", "/m/lookup", files={"photo": CAT}).json() == {"pdq": {}}
    again = hma(platform, "POST", "/m/lookup", files={"photo": CAT + b"\0"}).json()
    assert again == {"pdq": there}, "it is another file"
    assert hma(platform, "GET", ASKED).json() == there, "of a hash alone nobody knows the file"


def test_a_file_listed_by_another_digest_is_not_told_as_a_signal(platform: Platform) -> None:
    platform.make_list()
    (number,) = platform.add(md5_of(CAT))
    assert hma(platform, "POST", "/m/lookup", files={"photo": CAT}).json() == {"pdq": {}}
    by_md5 = hma(platform, "POST", "/m/lookup", files={"video": CAT}).json()
    match = {"bank_content_id": int(number), "distance": "-"}
    assert by_md5 == {"video_md5": {"KNOWN": [match]}}
    platform.serving.look_ups.step()
    with platform.serving.database.reading() as work:
        matched = work.execute(text("SELECT sum(matched) FROM caller_hours")).scalar_one()
    assert matched == 1, "only what it was told counts as found"


def md5_of(file: bytes) -> dict[str, object]:
    value = hashlib.md5(file, usedforsecurity=False).hexdigest()
    return {"algorithm": "md5", "value": value}


def test_what_is_harmless_is_no_match_and_takes_two_people(platform: Platform) -> None:
    platform.make_list()
    (known,) = platform.add(pdq_of(CAT))
    harmless = {"note": "from the news", "expires": "2099-01-01T00:00:00Z"}
    platform.make_list("harmless", kind="negative")
    (entry,) = platform.add(pdq_of(CAT) | harmless, to="harmless")
    assert hma(platform, "GET", ASKED).json() == {}
    assert hma(platform, "GET", f"{ASKED}&banks=HARMLESS").json() == {
        "HARMLESS": [{"bank_content_id": int(entry), "distance": "0"}]
    }
    path = "/c/bank/HARMLESS"
    for verb, where, body in (
        ("POST", "/signal", {"pdq": CAT_PDQ}),
        ("PUT", f"/content/{entry}", {"disable_until_ts": 0}),
    ):
        refused = hma(platform, verb, f"{path}{where}", json=body)
        assert refused.status_code == 403
        assert "/v1/lists/harmless/signals" in refused.json()["message"]
    assert hma(platform, "PUT", path, json={"enabled": False}).status_code == 200
    assert hma(platform, "PUT", path, json={"enabled": True}).status_code == 403
    until(platform, ASKED, {"KNOWN": [{"bank_content_id": int(known), "distance": "0"}]})
    assert hma(platform, "DELETE", f"{path}/content/{entry}").json() == {"deleted": 1}
    followed(platform)
    assert len(hma(platform, "GET", ASKED).json()["KNOWN"]) == 1
