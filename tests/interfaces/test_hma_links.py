"""Links as HMA's clients send and look them up, whatever way they are written."""

from tests.interfaces.conftest import Platform
from tests.interfaces.test_hma import a_bank, followed, hma

LISTED = "https://hub.example/rooms?id=7"


def matches(platform: Platform, link: str) -> list[int]:
    asked = {"signal_type": "url", "signal": link}
    found: list[int] = hma(platform, "GET", "/m/raw_lookup", params=asked).json()["matches"]
    return found


def test_a_link_in_a_bank_is_found_however_it_is_written(platform: Platform) -> None:
    a_bank(platform)
    said = {"url": "HTTP://Hub.Example:80/rooms?id=7#top"}
    added = hma(platform, "POST", "/c/bank/MY_BANK/signal", json=said).json()
    assert added["signals"] == {"url": LISTED}
    followed(platform)
    assert matches(platform, "hub.example/rooms?id=7") == [added["id"]]
    assert matches(platform, "https://hub.example/rooms?id=8") == []
    by_bank = hma(
        platform, "GET", "/m/lookup", params={"signal_type": "url", "signal": LISTED}
    ).json()
    assert by_bank == {"MY_BANK": [{"bank_content_id": added["id"], "distance": "-"}]}
    status = hma(platform, "GET", "/m/index/status?signal_type=url").json()["url"]
    assert (status["present"], status["size"]) == (True, 1)


def test_a_link_below_a_listed_host_is_found_too(
    platform: Platform,
) -> None:
    a_bank(platform)
    host = {"signals": [{"algorithm": "url_host", "value": "hub.example"}]}
    assert platform.http.post("/v1/lists/my_bank/signals", json=host).status_code == 201
    followed(platform)
    assert len(matches(platform, "https://rooms.hub.example/7")) == 1
    assert matches(platform, "https://example/7") == []


def test_links_are_compared_in_their_one_form(platform: Platform) -> None:
    pairs = {"url": [LISTED, "http://hub.example/rooms?id=7"]}
    assert hma(platform, "POST", "/m/compare", json=pairs).json() == {"url": [True, {}]}
    other = {"url": [LISTED, "http://hub.example/rooms"]}
    assert hma(platform, "POST", "/m/compare", json=other).json() == {"url": [False, {}]}


def test_what_is_no_link_is_refused_and_not_repeated(platform: Platform) -> None:
    asked = {"signal_type": "url", "signal": "zorvimel::"}
    answer = hma(platform, "GET", "/m/raw_lookup", params=asked)
    assert answer.status_code == 400
    assert "zorvimel" not in answer.text


def test_other_ways_to_match_links_and_words_say_what_there_is_instead(platform: Platform) -> None:
    for name in ("url_md5", "raw_text"):
        asked = {"signal_type": name, "signal": "zorvimel"}
        answer = hma(platform, "GET", "/m/raw_lookup", params=asked)
        assert answer.status_code == 400
        assert "POST /v1/texts" in answer.json()["message"]
