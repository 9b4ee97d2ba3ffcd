"""Banks are lists: their names, ratios and kinds, and what removing one does."""

import pytest

from amparo.app.serving import host_folder
from amparo.detect.matching.host import Follower
from tests.interfaces.conftest import Platform
from tests.interfaces.test_hma import CAT_PDQ, a_bank, add, followed, hma, raw, until
from tests.interfaces.test_media import CAT, pdq_of, sha256_of, submit

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
    hashes = [{"algorithm": "md5", "value": f"{n:032x}"} for n in range(100)]
    platform.add(*hashes)
    hma(platform, "PUT", "/c/bank/KNOWN", json={"enabled_ratio": 0.5})

    def matched() -> list[bool]:
        answer = platform.http.post("/v1/matches", json={"hashes": hashes}).json()
        return [bool(each) for each in answer["results"]]

    until(platform, "/c/bank/KNOWN", {"name": "KNOWN", "matching_enabled_ratio": 0.5})
    for _ in range(1000):
        if not all(matched()):
            break
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


def test_what_is_harmless_is_no_match_and_takes_two_people(platform: Platform) -> None:
    platform.make_list()
    platform.add(pdq_of(CAT))
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
    assert hma(platform, "DELETE", f"{path}/content/{entry}").json() == {"deleted": 1}
    followed(platform)
    assert len(hma(platform, "GET", ASKED).json()["KNOWN"]) == 1
