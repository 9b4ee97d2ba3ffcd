"""The call that decides a picture decides a video: whole, in part, or held before its end."""

import hashlib
import json
import threading
from datetime import UTC, datetime

import httpx2
import numpy as np
import pytest
from PIL import Image
from skimage import data

from amparo.app.change_policy import activate_policy, save_policy
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.vpdq import vpdq_of
from amparo.detect.media.model import Limits
from amparo.testing.clips import Picture, film, panned, sound
from amparo.testing.hostile import encoded
from tests.interfaces.conftest import Platform
from tests.interfaces.test_hma import hma, until

A_SECOND = 12


GOOD = {"crf": "14"}
"""Drawn pictures have little in them; what a codec takes away of it tells at once."""


def scenes(first: int, seconds: int, a_second: int = A_SECOND) -> list[Picture]:
    """Seconds of scenes that never come again: each second another picture."""
    return list(
        panned(seconds, a_second=a_second, width=192, height=144, scene_s=1.0, seed=1000 + first)
    )


KNOWN = scenes(0, 10)
KNOWN_FILE = film(KNOWN, a_second=A_SECOND, options=GOOD)


def vpdq(file: bytes) -> dict[str, object]:
    return {"algorithm": "vpdq", "value": vpdq_of(hash_media(file, Limits()))}


def submit(platform: Platform, file: bytes) -> dict[str, object]:
    answer: httpx2.Response = platform.http.post("/v1/media", content=file)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert isinstance(said, dict)
    return said


def only_match(answer: dict[str, object]) -> dict[str, object]:
    matches = answer["matches"]
    assert isinstance(matches, list)
    assert len(matches) == 1, answer
    assert isinstance(matches[0], dict)
    return matches[0]


@pytest.fixture
def listed(platform: Platform) -> Platform:
    platform.make_list()
    platform.add(vpdq(KNOWN_FILE))
    return platform


def test_a_cut_of_a_known_video_is_held_and_the_answer_names_the_seconds(listed: Platform) -> None:
    cut = film(
        KNOWN[3 * A_SECOND : 7 * A_SECOND], a_second=A_SECOND, container="webm",
        codec="libvpx-vp9",
        options={"deadline": "realtime", "cpu-used": "6", "crf": "12", "b": "0"},
    )  # fmt: skip
    answer = submit(listed, cut)
    match = only_match(answer)
    assert (answer["action"], answer["media_type"]) == ("hold", "video/webm")
    assert (match["algorithm"], match["exact"]) == ("vpdq", False)
    assert (match["query_percent"], match["listed_percent"]) == (100, 40)
    assert (match["seconds"], match["last_seconds"]) == (0, 3)
    assert (match["listed_seconds"], match["listed_last_seconds"]) == (3, 6)


def test_a_longer_video_that_holds_a_known_one_is_held(listed: Platform) -> None:
    longer = [*scenes(50, 8), *KNOWN, *scenes(70, 8)]
    match = only_match(submit(listed, film(longer, a_second=A_SECOND, options=GOOD)))
    assert (match["listed_percent"], match["query_percent"]) == (100, pytest.approx(38.5, abs=0.1))
    assert (match["seconds"], match["last_seconds"]) == (8, 17)


def test_a_frame_of_a_known_video_is_held_as_a_picture(listed: Platform) -> None:
    still = encoded(Image.fromarray(KNOWN[4 * A_SECOND]), "JPEG", quality=80)
    answer = submit(listed, still)
    match = only_match(answer)
    assert (answer["action"], match["algorithm"], match["listed_seconds"]) == ("hold", "vpdq", 4)


def test_a_known_picture_in_a_video_is_held_with_its_second(platform: Platform) -> None:
    platform.make_list()
    cat = np.asarray(Image.fromarray(data.chelsea()).resize((192, 144)))
    known = hash_media(encoded(Image.fromarray(cat), "PNG"), Limits()).pictures[0]
    platform.add({"algorithm": "pdq", "value": known.hex})
    shown = [*scenes(20, 3), *[cat] * A_SECOND, *scenes(30, 3)]
    answer = submit(platform, film(shown, a_second=A_SECOND, options=GOOD))
    match = only_match(answer)
    assert (answer["action"], match["algorithm"], match["seconds"]) == ("hold", "pdq", 3)


def test_an_unknown_video_is_allowed(listed: Platform) -> None:
    answer = submit(listed, film(scenes(300, 4), a_second=A_SECOND, options=GOOD))
    assert (answer["action"], answer["matches"], answer["frames"]) == ("allow", [], 4)
    assert (answer["seconds"], answer["is_whole"]) == (pytest.approx(3.9, abs=0.1), True)


def test_the_very_bytes_of_a_known_video_are_blocked_before_a_frame_is_decoded(
    platform: Platform,
) -> None:
    platform.make_list()
    platform.add({"algorithm": "md5", "value": hashlib.md5(KNOWN_FILE).hexdigest()})
    answer = submit(platform, KNOWN_FILE)
    assert (answer["action"], answer["frames"], answer["is_whole"]) == ("block", 0, False)


def test_a_long_video_is_held_before_its_end(listed: Platform) -> None:
    long = film([*KNOWN[::6], *scenes(400, 240, a_second=2)], a_second=2, options=GOOD)
    answer = submit(listed, long)
    assert (answer["action"], answer["is_whole"]) == ("hold", False)
    frames = answer["frames"]
    assert isinstance(frames, int)
    assert frames < 100


def test_nothing_is_held_early_by_what_holds_at_the_beginning_alone(platform: Platform) -> None:
    """A rule about videos that were not looked at whole is asked when all has been looked at."""
    rule = (
        "policy: 1\nrules:\n  - id: early\n    when: '!media.is_whole && matches.size() > 0'\n"
        "    action: hold\n  - id: rest\n    when: 'true'\n    action: allow\n"
    )
    actor = platform.serving.keys.actor(platform.key)
    serving = platform.serving
    number = save_policy(serving.database, rule, "p.yaml", actor, serving.clock)
    activate_policy(serving.database, number, actor, serving.clock)
    platform.make_list()
    platform.add(vpdq(KNOWN_FILE))
    long = film([*KNOWN[::6], *scenes(400, 60, a_second=2)], a_second=2, options=GOOD)
    answer = submit(platform, long)
    assert (answer["action"], answer["is_whole"]) == ("allow", True)


def test_a_cut_off_copy_with_repeated_frames_is_found(platform: Platform) -> None:
    slides = [picture for one in scenes(40, 8, a_second=1) for picture in [one] * 3 * A_SECOND]
    whole = film(slides, a_second=A_SECOND, options=GOOD, layout={"movflags": "faststart"})
    platform.make_list()
    platform.add(vpdq(whole))
    answer = submit(platform, whole[: len(whole) * 6 // 10])
    assert (answer["action"], answer["problem"]) == ("hold", "media.truncated")
    assert only_match(answer)["query_percent"] == 100


def test_rules_of_the_list_say_which_direction_counts(platform: Platform) -> None:
    platform.make_list(video_rules=[{"query_percent": 80, "listed_percent": 0}])
    platform.add(vpdq(KNOWN_FILE))
    longer = film([*scenes(50, 8), *KNOWN], a_second=A_SECOND, options=GOOD)
    assert submit(platform, longer)["matches"] == []
    part = film(KNOWN[: 3 * A_SECOND], a_second=A_SECOND, options=GOOD)
    assert only_match(submit(platform, part))["query_percent"] == 100


def test_a_rule_by_which_every_frame_would_match_is_refused(platform: Platform) -> None:
    body = {"name": "any", "video_rules": [{"query_percent": 0, "listed_percent": 0}]}
    answer = platform.http.post("/v1/lists", json=body)
    assert answer.status_code == 422
    assert "0:0 is no video rule" in answer.json()["detail"]


def test_a_harmless_frame_does_not_make_a_video_known(platform: Platform) -> None:
    """A title that many videos begin with is on a negative list: it is no evidence either way."""
    title = scenes(900, 1)[0]
    platform.make_list()
    platform.make_list("harmless", kind="negative")
    platform.add(vpdq(film([title] * A_SECOND * 4, a_second=A_SECOND, options=GOOD)))
    other = film([title] * A_SECOND * 2, a_second=A_SECOND, options=GOOD)
    assert submit(platform, other)["action"] == "hold"
    still = hash_media(other, Limits()).pictures[0].hex
    reason = {"note": "a title of ours", "expires": "2999-01-01T00:00:00Z"}
    platform.add({"algorithm": "pdq", "value": still} | reason, to="harmless")
    answer = submit(platform, other)
    assert (answer["action"], only_match(answer)["list"]) == ("allow", "harmless")
    assert "vpdq" in {each["algorithm"] for each in answer["suppressed"]}  # type: ignore[attr-defined]
    found = platform.http.post("/v1/matches", json={"hashes": [vpdq(other)]}).json()
    assert "vpdq" not in {each["algorithm"] for each in found["results"][0]}
    switched_off = hma(platform, "PUT", "/c/bank/HARMLESS", json={"enabled": False})
    assert switched_off.status_code == 200
    until(platform, "/c/bank/HARMLESS", {"name": "HARMLESS", "matching_enabled_ratio": 0.0})
    assert wait_until_held(platform, other)


def wait_until_held(platform: Platform, file: bytes) -> bool:
    """A setting of a list has no revision to wait for."""
    waited = threading.Event()
    for _ in range(200):
        if submit(platform, file)["action"] == "hold":
            return True
        waited.wait(0.05)
    return False


def test_seconds_tell_of_frames_that_come_again(listed: Platform) -> None:
    between = scenes(700, 2)
    answer = submit(listed, film([*KNOWN, *between, *KNOWN], a_second=A_SECOND, options=GOOD))
    match = only_match(answer)
    assert (match["seconds"], match["last_seconds"]) == (0, 21)


def test_no_number_of_others_hides_a_confirmed_match(platform: Platform) -> None:
    """Conditions see a hundred matches; those of pictures that are merely near come behind."""
    file = film(KNOWN[:A_SECOND], a_second=A_SECOND, options=GOOD)
    still = hash_media(file, Limits()).pictures[0]
    far = bytearray(still.value)
    far[0] ^= 0xFF
    far[1] ^= 0xFF
    platform.make_list()
    platform.make_list("many", kind="suspect")
    platform.add({"algorithm": "pdq", "value": far.hex()})
    platform.add(
        *({"algorithm": "pdq", "value": _one_bit_off(still.value, bit)} for bit in range(130)),
        to="many",
    )
    assert submit(platform, file)["action"] == "hold"


def _one_bit_off(value: bytes, bit: int) -> str:
    return (int.from_bytes(value) ^ 1 << bit).to_bytes(len(value)).hex()


def written(value: object, *, bits: int = 0, quality: int = 100) -> dict[str, object]:
    """A listed video whose frames all differ in so many bits, and are of that quality."""
    frames = [each.split(",") for each in json.loads(str(value))]
    changed = [
        f"{int(digits, 16) ^ (1 << bits) - 1:064x},{quality},{seconds}"
        for digits, _, seconds in frames
    ]
    return {"algorithm": "vpdq", "value": json.dumps(changed)}


@pytest.mark.parametrize(
    ("of_list", "of_video", "action"),
    [({"radius_bits": 8}, {"bits": 6}, "hold"), ({"radius_bits": 4}, {"bits": 6}, "allow"),
     ({"minimum_quality": 60}, {"quality": 70}, "hold"),
     ({"minimum_quality": 80}, {"quality": 70}, "allow")],
)  # fmt: skip
def test_radius_and_least_quality_of_a_list_count_for_its_videos(
    platform: Platform, of_list: dict[str, object], of_video: dict[str, int], action: str
) -> None:
    platform.make_list(**of_list)
    platform.add(written(vpdq(KNOWN_FILE)["value"], **of_video))
    assert submit(platform, KNOWN_FILE)["action"] == action


def test_a_listed_video_is_told_as_the_field_writes_it(listed: Platform) -> None:
    (signal,) = listed.http.get("/v1/lists/known/signals").json()["signals"]
    assert signal["value"] == vpdq(KNOWN_FILE)["value"]


def test_a_video_that_is_withdrawn_is_not_found_any_more(listed: Platform) -> None:
    (signal,) = listed.http.get("/v1/lists/known/signals").json()["signals"]
    gone = listed.http.post("/v1/lists/known/withdrawals", json={"signals": [signal["signal"]]})
    assert gone.status_code == 201, gone.text
    listed.wait_for("known", gone.json()["revision"])
    assert submit(listed, KNOWN_FILE)["action"] == "allow"


def test_videos_can_be_looked_up_by_those_who_hash_by_themselves(listed: Platform) -> None:
    whole, part = (
        vpdq(KNOWN_FILE),
        vpdq(film(KNOWN[: 2 * A_SECOND], a_second=A_SECOND, options=GOOD)),
    )
    none = vpdq(film(scenes(600, 2), a_second=A_SECOND, options=GOOD))
    answer = listed.http.post("/v1/matches", json={"hashes": [whole, none, part]}).json()
    assert [[each["listed_percent"] for each in one] for one in answer["results"]] == [
        [100], [], [20],
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["[]", "no json", '["00,100"]', '["zz,100,0"]', "0" * 64])
def test_what_is_no_video_is_refused_and_not_repeated(platform: Platform, value: str) -> None:
    body = {"hashes": [{"algorithm": "vpdq", "value": value}]}
    answer = platform.http.post("/v1/matches", json=body)
    assert answer.status_code == 422
    assert "hashes.0.value" in answer.text
    assert "zz" not in answer.text


def test_sound_alone_is_allowed_and_named(platform: Platform) -> None:
    answer = submit(platform, sound())
    assert (answer["action"], answer["problem"]) == ("allow", "media.no_video")


def test_a_broken_video_is_put_to_people(platform: Platform) -> None:
    answer = submit(platform, KNOWN_FILE[: len(KNOWN_FILE) // 2])
    assert (answer["action"], answer["problem"]) == ("review", "media.damaged")
    assert datetime.fromisoformat(str(answer["decided_at"])) <= datetime.now(UTC)
