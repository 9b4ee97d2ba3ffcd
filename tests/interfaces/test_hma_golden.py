"""Each call of HMA's interface, in the words of its clients, and the shape of what they read.

Hashes and distances are held against threatexchange, which HMA itself is built on.
"""

import random
from typing import Any

import pytest
from threatexchange.content_type.photo import PhotoContent
from threatexchange.content_type.video import VideoContent
from threatexchange.signal_type.md5 import VideoMD5Signal
from threatexchange.signal_type.pdq.signal import PdqSignal

from tests.interfaces.conftest import Platform
from tests.interfaces.test_hma import CAT_PDQ, ROCKET_PDQ, VIDEO, VIDEO_MD5, hma
from tests.interfaces.test_media import CAT

THEIRS = {each.get_name(): each for each in (PdqSignal, VideoMD5Signal)}
NAMES = (*THEIRS, "vpdq", "url")
NOTHING = {"present": False, "built_to": -1, "size": 0}
EMPTY = {
    "db_size": 0, "index_size": 0, "index_out_of_date": False, "newest_db_item": -1,
    "index_built_to": -1,
}  # fmt: skip
ANSWERS: list[tuple[str, str, dict[str, Any], int, Any]] = [
    ("GET", "/c/banks", {}, 200, [{"name": "KNOWN", "matching_enabled_ratio": 1.0}]),
    ("GET", "/c/bank/KNOWN", {}, 200, {"name": "KNOWN", "matching_enabled_ratio": 1.0}),
    ("GET", "/c/bank/NONE", {}, 404, None),
    ("PUT", "/c/bank/NONE", {"json": {"enabled": True}}, 404, None),
    ("DELETE", "/c/bank/NONE", {}, 200, {"message": "Done"}),
    ("POST", "/c/banks", {"json": {"name": "lower"}}, 400, None),
    ("POST", "/c/banks", {"json": {}}, 400, None),
    ("POST", "/c/banks", {"json": {"name": "KNOWN"}}, 403, None),
    ("POST", "/c/bank/KNOWN/content", {}, 400, None),
    ("POST", "/c/bank/NONE/content", {"files": {"photo": CAT}}, 404, None),
    ("POST", "/c/bank/KNOWN/signal", {"json": {}}, 400, None),
    ("POST", "/c/bank/KNOWN/signal", {"json": {"pdq": "abc"}}, 400, None),
    ("POST", "/c/bank/KNOWN/signal", {"json": {"pdq": 7}}, 400, None),
    ("POST", "/c/bank/KNOWN/signal", {"json": {"vpdq": "x"}}, 400, None),
    ("GET", "/c/bank/KNOWN/content/99", {}, 404, None),
    ("PUT", "/c/bank/KNOWN/content/99", {"json": {"disable_until_ts": 0}}, 404, None),
    ("DELETE", "/c/bank/KNOWN/content/99", {}, 200, {"deleted": 0}),
    ("DELETE", "/c/bank/NONE/content/99", {}, 404, None),
    ("PUT", "/c/bank/KNOWN/content/99", {"json": {"disable_until_ts": -1}}, 400, None),
    ("PUT", "/c/bank/KNOWN/content/99", {"json": {"disable_until_ts": 9999999999}}, 400, None),
    ("GET", "/c/signal_type", {}, 200,
     [{"name": name, "enabled_ratio": 1.0} for name in NAMES]),
    ("GET", "/c/content_type", {}, 200,
     [{"name": each.get_name(), "enabled": True} for each in (PhotoContent, VideoContent)]),
    ("GET", "/c/signal_type/index", {}, 200, dict.fromkeys(NAMES, EMPTY)),
    ("GET", "/c/signal_type/index?signal_type=pdq", {}, 200, {"pdq": EMPTY}),
    ("GET", "/c/signal_type/index?signal_type=x", {}, 400, None),
    ("GET", "/m/index/status", {}, 200, dict.fromkeys(NAMES, NOTHING)),
    ("GET", "/m/index/status?signal_type=video_md5", {}, 200, {"video_md5": NOTHING}),
    ("GET", "/m/index/status?signal_type=vpdq", {}, 200, {"vpdq": NOTHING}),
    ("GET", f"/m/raw_lookup?signal_type=pdq&signal={CAT_PDQ}", {}, 200, {"matches": []}),
    ("GET", f"/m/raw_lookup?signal_type=pdq&signal={CAT_PDQ.upper()}", {}, 400, None),
    ("GET", f"/m/raw_lookup?signal={CAT_PDQ}", {}, 400, None),
    ("GET", f"/m/raw_lookup?signal_type=vpdq&signal={CAT_PDQ}", {}, 400, None),
    ("GET", f"/m/raw_lookup?signal_type=raw_text&signal={CAT_PDQ}", {}, 400, None),
    ("GET", "/m/lookup", {}, 400, None),
    ("GET", f"/m/lookup?signal={CAT_PDQ}", {}, 400, None),
    ("GET", f"/m/lookup?signal_type=pdq&signal={CAT_PDQ}", {}, 200, {}),
    ("POST", "/m/lookup", {"files": {"photo": CAT}}, 200, {"pdq": {}}),
    ("POST", "/m/lookup", {"files": {"video": VIDEO}}, 200, {"video_md5": {}}),
    ("POST", "/m/lookup", {"files": {"text": CAT}}, 400, None),
    ("POST", "/m/lookup", {}, 400, None),
    ("POST", "/h/hash", {"files": {"photo": CAT}}, 200, {"pdq": CAT_PDQ}),
    ("POST", "/h/hash?types=pdq", {"files": {"photo": CAT}}, 200, {"pdq": CAT_PDQ}),
    ("POST", "/h/hash?types=vpdq", {"files": {"photo": CAT}}, 400, None),
    ("POST", "/h/hash?types=,", {"files": {"photo": CAT}}, 400, None),
    ("POST", "/h/hash", {"files": {"video": VIDEO}}, 200, {"video_md5": VIDEO_MD5}),
    ("POST", "/h/hash", {"files": {"photo": VIDEO}}, 400, None),
    ("POST", "/h/hash", {"files": [("photo", CAT), ("photo", CAT)]}, 400, None),
    ("POST", "/h/hash", {"files": [("photo", CAT), ("video", VIDEO)]}, 400, None),
    ("POST", "/h/hash", {"files": {"file": CAT}}, 400, None),
    ("POST", "/h/hash", {"content": CAT}, 400, None),
    ("GET", "/h/hash", {}, 400, None),
    ("POST", "/m/compare", {"json": {"pdq": [CAT_PDQ]}}, 400, None),
    ("POST", "/m/compare", {"json": {"pdq": "x"}}, 400, None),
    ("POST", "/m/compare", {"json": {"pdq": ["x", "y"]}}, 400, None),
    ("POST", "/m/compare", {"json": {"other": [CAT_PDQ, CAT_PDQ]}}, 400, None),
    ("POST", "/m/compare", {"json": [1]}, 400, None),
    ("GET", "/c/exchanges/apis", {}, 200, []),
    ("GET", "/c/exchanges/api/fb_threatexchange/schema", {}, 404, None),
    ("GET", "/c/exchanges", {}, 200, []),
    ("POST", "/c/exchanges", {"json": {"bank": "X", "api": "ncmec"}}, 501, None),
    ("GET", "/c/exchange/X", {}, 404, None),
    ("GET", "/c/exchange/X/status", {}, 404, None),
    ("DELETE", "/c/exchange/X", {}, 404, None),
    ("GET", "/nothing", {}, 404, None),
    ("GET", "/c/banks/", {}, 404, None),
    ("PUT", "/c/banks", {}, 405, None),
]  # fmt: skip


def test_each_call_is_answered_as_its_clients_read_it(platform: Platform) -> None:
    platform.make_list()
    for verb, path, sent, status, body in ANSWERS:
        answer = hma(platform, verb, path, **sent)
        assert answer.status_code == status, (verb, path, answer.text)
        assert answer.headers["content-type"] == "application/json", (verb, path)
        if body is None:
            message = answer.json()
            assert list(message) == ["message"], (verb, path)
            assert CAT_PDQ not in message["message"].lower()
        else:
            assert answer.json() == body, (verb, path)


def test_hashes_and_comparisons_are_those_of_threatexchange(platform: Platform) -> None:
    hashed = hma(platform, "POST", "/h/hash", files={"photo": CAT}).json()
    assert hashed == {"pdq": PdqSignal.hash_from_bytes(CAT)}
    near = f"{int(CAT_PDQ, 16) ^ random.Random(1).getrandbits(20):064x}"
    edge = [f"{int(CAT_PDQ, 16) ^ (1 << bits) - 1:064x}" for bits in (31, 32)]
    for pair in ([CAT_PDQ, other] for other in (CAT_PDQ, near, *edge, ROCKET_PDQ)):
        compared = PdqSignal.compare_hash(*pair)
        answer = hma(platform, "POST", "/m/compare", json={"pdq": pair}).json()
        assert answer == {"pdq": [compared.match, {"distance": compared.distance.distance}]}
    both = {"pdq": [CAT_PDQ, near], "video_md5": [VIDEO_MD5, VIDEO_MD5.upper()]}
    answer = hma(platform, "POST", "/m/compare", json=both).json()
    assert answer["video_md5"] == [VideoMD5Signal.compare_hash(VIDEO_MD5, VIDEO_MD5).match, {}]


@pytest.mark.parametrize("value", ["", "0" * 63, "g" * 64, "0" * 65, " " + "0" * 63, "0" * 32])
@pytest.mark.parametrize("name", THEIRS)
def test_what_is_a_hash_is_what_threatexchange_takes_for_one(name: str, value: str) -> None:
    from amparo.core.errors import Invalid
    from amparo.interfaces.hma.signal_types import checked_signal

    for each in (value, value.upper(), THEIRS[name].get_random_signal()):
        try:
            theirs = THEIRS[name].validate_signal_str(each)
        except ValueError:
            with pytest.raises(Invalid):
                checked_signal(name, each)
        else:
            assert checked_signal(name, each).value == theirs
