"""Project Arachnid Shield: what it says is a match, an unknown answer or nothing."""

import base64
import hashlib
import inspect
import json
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_socket import enable_socket

from amparo.detect.hashing.digests import digest
from amparo.detect.hashing.model import MediaHashes, PictureHash
from amparo.detect.media.model import Kind
from amparo.detect.scoring import shield as module
from amparo.detect.scoring.budget import Budget
from amparo.detect.scoring.elsewhere import NotAnswered, Service
from amparo.detect.scoring.guarded import Absent
from amparo.detect.scoring.remote_list import Hit, RemoteList
from amparo.detect.scoring.scorer import Busy
from amparo.detect.scoring.shield import Call, Said, Shield, shield
from amparo.testing.hostile import encoded, photograph_like
from amparo.testing.shield import PASSWORD, USER, ShieldState, sandbox_shield
from tests.conftest import small_settings
from tests.detect.scoring.services import poster

FILE = encoded(photograph_like(), "PNG")
SHA256 = hashlib.sha256(FILE).hexdigest()
FIRST, SECOND, POOR = b"\x0f" * 32, b"\xf0" * 32, b"\x01" * 32
HASHES = MediaHashes(
    Kind.PNG, len(FILE), digest(FILE),
    (PictureHash(0, FIRST, 100), PictureHash(1, SECOND, 80), PictureHash(2, POOR, 20)),
)  # fmt: skip
CSAM, NEAR_CSAM = ("csam", "exact"), ("csam", "near")
HARMFUL = ("harmful-abusive-material", "exact")
NEW = ("zorvimel", "exact")


@pytest.fixture
def asked(shield_state: ShieldState, tmp_path: Path) -> Shield:
    """As the settings make it."""
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    return shield(
        small_settings().model_copy(
            update={
                "shield_url": shield_state.url + "/",
                "shield_user": USER,
                "shield_password_file": file,
                "score_hosts": ("127.0.0.1",),
            }
        )
    )


def listed(
    asked: Shield, sends: str, kind: str = "suspect", hashes: MediaHashes = HASHES
) -> tuple[Hit, ...] | Absent | None:
    """What comes of asking about the file."""
    one = RemoteList(asked, Budget(100, 100), sends=sends, kind=kind)
    try:
        until = time.monotonic() + 10
        begun = one.begin(FILE, hashes, until)
        return None if begun is None else one.guarded.end(begun, until)
    finally:
        one.close()


def test_each_call_is_answered(shield_state: ShieldState, asked: Shield) -> None:
    shield_state.files[SHA256] = CSAM
    shield_state.urls["https://example.org/a"] = NEAR_CSAM
    shield_state.hashes[FIRST] = HARMFUL
    assert asked.media(FILE, "image/png", sha256=SHA256) == Said("csam", exact=True)
    assert asked.url("https://example.org/a") == Said("csam", exact=False)
    assert asked.url("https://example.org/b") == Said("no-known-match")
    assert asked.pdq([FIRST, SECOND]) == {
        FIRST: Said("harmful-abusive-material", exact=True),
        SECOND: Said("no-known-match"),
    }
    assert shield_state.refused == []


def test_nothing_that_can_be_called_submits_a_file(
    shield_state: ShieldState, asked: Shield
) -> None:
    assert {each.value for each in Call} == {"/v1/media/", "/v1/url/", "/v1/pdq/"}
    assert {name for name in vars(Shield) if not name.startswith("_")} == {"media", "url", "pdq"}
    assert "submit" not in inspect.getsource(module)
    shield_state.files[SHA256] = CSAM
    for sends in ("pdq", "media"):
        listed(asked, sends)
    asked.url("https://example.org/")
    paths = {each.path for each in shield_state.asked}
    assert paths == {each.value for each in Call}


def test_a_test_fails_in_which_a_file_is_submitted() -> None:
    enable_socket()
    opened = sandbox_shield()
    service = Service(opened.__enter__().url, {}, poster())
    with pytest.raises(NotAnswered):
        service.ask("/v1/media/submit", "image/png", FILE)
    with pytest.raises(AssertionError, match="was submitted"):
        opened.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("said", "kind", "expected"),
    [
        (CSAM, "suspect", Hit("suspect", "csam", "sha1", exact=True)),
        (CSAM, "confirmed", Hit("confirmed", "csam", "sha1", exact=True)),
        (NEAR_CSAM, "confirmed", Hit("suspect", "csam", "shield", exact=False)),
        (HARMFUL, "confirmed", Hit("suspect", "harmful-abusive-material", "sha1", exact=True)),
    ],
)
def test_a_file_that_it_knows_is_a_hit(
    shield_state: ShieldState, asked: Shield, said: tuple[str, str], kind: str, expected: Hit
) -> None:
    shield_state.files[SHA256] = said
    assert listed(asked, "media", kind) == (expected,)


def test_an_exact_hash_is_not_the_same_bytes(shield_state: ShieldState, asked: Shield) -> None:
    shield_state.hashes = {FIRST: CSAM, SECOND: NEW}
    (hit,) = listed(asked, "pdq", "confirmed")  # type: ignore[misc]
    assert hit == Hit("confirmed", "csam", "pdq", exact=False, quality=100, frame=0)


def test_of_a_long_video_hashes_from_all_over_it_are_asked_about(
    shield_state: ShieldState, asked: Shield
) -> None:
    frames = tuple(
        PictureHash(number, number.to_bytes(32), 100, seconds=float(number))
        for number in range(640)
    )
    video = replace(HASHES, kind=Kind.MP4, pictures=(*frames, *frames))
    shield_state.hashes[(630).to_bytes(32)] = CSAM
    (hit,) = listed(asked, "pdq", hashes=video)  # type: ignore[misc]
    assert hit.frame == 630
    with closing(RemoteList(asked, Budget(1, 1), sends="pdq", kind="suspect")) as one:
        assert (one.asks_about_all(HASHES), one.asks_about_all(video)) == (True, False)


def test_a_hash_of_poor_quality_is_not_asked_about(
    shield_state: ShieldState, asked: Shield
) -> None:
    shield_state.hashes[POOR] = CSAM
    assert listed(asked, "pdq") == ()


@pytest.mark.parametrize("sends", ["pdq", "media"])
@pytest.mark.parametrize("word", ["zorvimel", "test", "CSAM", "csam ", ""])
def test_a_word_that_is_neither_is_an_unknown_answer_and_no_hit(
    shield_state: ShieldState, asked: Shield, sends: str, word: str
) -> None:
    shield_state.files[SHA256] = shield_state.hashes[SECOND] = (word, "exact")
    said = listed(asked, sends)
    assert isinstance(said, Absent)
    assert said.told in ("unknown-answer", f"unknown-answer: {word.strip()}")


@pytest.mark.parametrize("of", ["null", "absent"])
def test_a_hash_of_which_it_says_nothing_is_not_clear(
    shield_state: ShieldState, asked: Shield, of: str
) -> None:
    if of == "null":
        shield_state.hashes[FIRST] = None
    else:
        shield_state.unanswered.add(FIRST)
    said = listed(asked, "pdq")
    assert isinstance(said, Absent)
    assert said.told == "not-answered"
    shield_state.hashes[SECOND] = NEAR_CSAM
    assert listed(asked, "pdq") == (
        Hit("suspect", "csam", "pdq", exact=False, quality=80, frame=1),
    )


def test_an_answer_about_another_file_is_none(shield_state: ShieldState, asked: Shield) -> None:
    shield_state.files[SHA256] = CSAM
    shield_state.speaks_of_another = True
    said = listed(asked, "media")
    assert isinstance(said, Absent)
    assert said.told == "failed"


@pytest.mark.parametrize("kind", [b"null", b'"EXACT"', b'"zorvimel"', b"7"])
def test_a_hit_of_a_kind_that_nobody_knows_is_a_hit_and_not_an_exact_one(
    shield_state: ShieldState, asked: Shield, kind: bytes
) -> None:
    about = b'{"classification": "csam", "match_type": ' + kind + b"}"
    value = base64.b64encode(FIRST)
    shield_state.body = b'{"scanned_hashes": {"' + value + b'": ' + about + b"}}"
    assert asked.pdq([FIRST]) == {FIRST: Said("csam", exact=False)}


def test_what_makes_no_sense_of_one_hash_takes_nothing_from_another(
    shield_state: ShieldState, asked: Shield
) -> None:
    known, odd = (base64.b64encode(each).decode() for each in (FIRST, SECOND))
    answers = {known: {"classification": "csam", "match_type": "exact"}, odd: "csam"}
    shield_state.body = json.dumps({"scanned_hashes": answers}).encode()
    assert asked.pdq([FIRST, SECOND]) == {FIRST: Said("csam", exact=True)}


@pytest.mark.parametrize(
    "body",
    [
        b'{"scanned_hashes": []}',
        b'{"scanned_hashes": {"AAAA": {"classification": "csam", "match_type": "exact"}}}',
        b'{"scanned_hashes": {"%s": {"classification": 3}}}',
        b'{"scanned_hashes": {"%s": "csam"}}',
        b"<html>csam</html>",
    ],
)
def test_what_makes_no_sense_is_no_answer(
    shield_state: ShieldState, asked: Shield, body: bytes
) -> None:
    shield_state.body = body.replace(b"%s", base64.b64encode(FIRST))
    with pytest.raises(NotAnswered):
        asked.pdq([FIRST])


def test_it_is_left_alone_where_it_asks_for_it(shield_state: ShieldState, asked: Shield) -> None:
    shield_state.status, shield_state.headers = 429, {"Retry-After": "60"}
    with pytest.raises(Busy):
        asked.pdq([FIRST])
