"""Videos as HMA's clients send and look them up: the field's text, and shares as distances."""

import json

from amparo.testing.clips import film, sound
from tests.interfaces.conftest import Platform
from tests.interfaces.test_hma import a_bank, followed, hma
from tests.interfaces.test_videos import A_SECOND, GOOD, KNOWN, KNOWN_FILE, scenes, vpdq

TEXT = str(vpdq(KNOWN_FILE)["value"])
PART = film(KNOWN[: 4 * A_SECOND], a_second=A_SECOND, options=GOOD)


def test_a_video_is_hashed_by_digest_and_by_frames(platform: Platform) -> None:
    hashed = hma(platform, "POST", "/h/hash", files={"video": KNOWN_FILE}).json()
    assert list(hashed) == ["video_md5", "vpdq"]
    assert hashed["vpdq"] == TEXT
    digits, quality, seconds = json.loads(hashed["vpdq"])[1].split(",")
    assert (len(digits), quality, seconds) == (64, "100", "1.000")


def test_a_part_of_a_video_in_a_bank_is_found_with_both_shares(platform: Platform) -> None:
    a_bank(platform)
    added = hma(platform, "POST", "/c/bank/MY_BANK/content", files={"video": KNOWN_FILE}).json()
    assert added["signals"]["vpdq"] == TEXT
    followed(platform)
    found = hma(platform, "POST", "/m/lookup", files={"video": PART}).json()
    match = {"bank_content_id": added["id"], "distance": "100%[40%]"}
    assert found == {"video_md5": {}, "vpdq": {"MY_BANK": [match]}}
    by_text = hma(
        platform, "GET", "/m/raw_lookup",
        params={"signal_type": "vpdq", "signal": TEXT, "include_distance": "true"},
    ).json()  # fmt: skip
    assert by_text == {"matches": [match | {"distance": "100%[100%]"}]}
    other = film(scenes(800, 3), a_second=A_SECOND, options=GOOD)
    assert hma(platform, "POST", "/m/lookup", files={"video": other}).json()["vpdq"] == {}
    status = hma(platform, "GET", "/m/index/status?signal_type=vpdq").json()["vpdq"]
    assert (status["present"], status["size"]) == (True, 1)


def test_a_photo_is_found_by_photos_alone(platform: Platform) -> None:
    """A client that asks for `pdq` reads contents of photos, as HMA's index of them holds."""
    a_bank(platform)
    hma(platform, "POST", "/c/bank/MY_BANK/signal", json={"vpdq": TEXT})
    followed(platform)
    frame = json.loads(TEXT)[2].split(",")[0]
    asked = {"signal_type": "pdq", "signal": frame}
    assert hma(platform, "GET", "/m/raw_lookup", params=asked).json() == {"matches": []}


def test_videos_are_compared_by_the_share_of_the_first(platform: Platform) -> None:
    part = json.dumps(json.loads(TEXT)[:2])
    pairs = [[part, TEXT], [TEXT, part]]
    answers = [hma(platform, "POST", "/m/compare", json={"vpdq": each}).json() for each in pairs]
    assert answers == [
        {"vpdq": [True, {"query_match_percent": 100.0, "compared_match_percent": 20.0}]},
        {"vpdq": [False, {"query_match_percent": 20.0, "compared_match_percent": 100.0}]},
    ]


def test_sound_alone_has_a_digest(platform: Platform) -> None:
    assert list(hma(platform, "POST", "/h/hash", files={"video": sound()}).json()) == ["video_md5"]
