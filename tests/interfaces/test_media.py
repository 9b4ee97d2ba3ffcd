"""Uploads over HTTP: decided, on record, held encrypted, and answered the same when repeated."""

import hashlib
import io
import socket

import httpx2
import numpy as np
import pytest
from PIL import Image
from skimage import data
from sqlalchemy import text

from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.media.model import Limits
from amparo.testing import hostile
from tests.interfaces.conftest import Platform


def jpeg(pixels: np.ndarray, quality: int = 90) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality)
    return out.getvalue()


CAT = jpeg(data.chelsea())
CAT_AGAIN = jpeg(data.chelsea(), 60)
ROCKET = jpeg(data.rocket())


def pdq_of(file: bytes) -> dict[str, object]:
    return {"algorithm": "pdq", "value": hash_media(file, Limits()).pictures[0].hex}


def sha256_of(file: bytes) -> dict[str, object]:
    return {"algorithm": "sha256", "value": hashlib.sha256(file).hexdigest()}


def submit(platform: Platform, file: bytes, **headers: str) -> httpx2.Response:
    return platform.http.post("/v1/media", content=file, headers=headers)


def test_an_unknown_picture_is_allowed(platform: Platform) -> None:
    platform.make_list()
    platform.add(pdq_of(CAT))
    answer = submit(platform, ROCKET).json()
    assert (answer["action"], answer["matches"]) == ("allow", [])
    assert not list((platform.home / "inbox").iterdir())


def test_a_copy_of_a_known_picture_is_held_and_the_answer_says_why(platform: Platform) -> None:
    platform.make_list()
    (number,) = platform.add(pdq_of(CAT))
    answer = submit(platform, CAT_AGAIN).json()
    assert answer["action"] == "hold"
    (match,) = answer["matches"]
    assert (match["list"], match["signal"], match["revision"]) == ("known", number, 1)
    assert 0 <= match["distance"] <= 31
    assert answer["rules"] == ["like-a-known-one"]


def test_the_same_bytes_as_a_confirmed_digest_are_blocked(platform: Platform) -> None:
    platform.make_list()
    platform.add(sha256_of(CAT))
    answer = submit(platform, CAT).json()
    assert (answer["action"], answer["queue"]) == ("block", "without-media")


@pytest.mark.parametrize(
    ("kind", "subject"), [("suspect", "child"), ("confirmed", "adult"), ("suspect", "adult")]
)
def test_suspect_and_adult_lists_only_order_work(
    platform: Platform, kind: str, subject: str
) -> None:
    platform.make_list(kind=kind, subject=subject)
    platform.add(sha256_of(CAT))
    assert submit(platform, CAT).json()["action"] == "review"


def test_a_negative_entry_suppresses_what_is_like_it_and_nothing_exact(platform: Platform) -> None:
    platform.make_list()
    platform.make_list("harmless", kind="negative")
    platform.add(pdq_of(CAT))
    reason = {"note": "a photograph of ours", "expires": "2999-01-01T00:00:00Z"}
    platform.add(pdq_of(CAT) | reason, to="harmless")
    answer = submit(platform, CAT).json()
    assert answer["action"] == "allow"
    assert [each["list"] for each in answer["suppressed"]] == ["known"]
    platform.add(sha256_of(CAT))
    assert submit(platform, CAT).json()["action"] == "block"


def test_what_is_held_is_on_disk_and_nowhere_in_the_clear(platform: Platform) -> None:
    platform.make_list()
    platform.add(pdq_of(CAT))
    for upload in (CAT, CAT_AGAIN):
        assert submit(platform, upload).json()["action"] == "hold"
    assert len(list((platform.home / "inbox").iterdir())) == 2
    for path in platform.home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert CAT[200:260] not in content, path
            assert CAT_AGAIN[200:260] not in content, path


def test_a_decision_can_be_asked_for_again(platform: Platform) -> None:
    platform.make_list()
    platform.add(pdq_of(CAT))
    answer = submit(platform, CAT).json()
    assert platform.http.get(f"/v1/media/{answer['media_id']}").json() == answer
    page = platform.http.get("/v1/decisions").json()
    assert page == {"decisions": [answer], "next": None}


def test_decisions_are_paged_from_the_newest(platform: Platform) -> None:
    ids = [submit(platform, file).json()["decision_id"] for file in (CAT, ROCKET, CAT_AGAIN)]
    found = []
    place: dict[str, str] = {}
    while True:
        page = platform.http.get("/v1/decisions", params={"limit": 2, **place}).json()
        found += [one["decision_id"] for one in page["decisions"]]
        if page["next"] is None:
            break
        place = {"before": page["next"]}
    assert found == ids[::-1]


def test_a_repeated_call_is_one_call(platform: Platform) -> None:
    first = submit(platform, CAT, **{"Idempotency-Key": "one"})
    again = submit(platform, CAT, **{"Idempotency-Key": "one"})
    assert again.json() == first.json()
    assert len(platform.http.get("/v1/decisions").json()["decisions"]) == 1
    other = submit(platform, ROCKET, **{"Idempotency-Key": "one"})
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_a_call_that_is_still_at_work_is_to_be_asked_for_again(platform: Platform) -> None:
    call = {"Idempotency-Key": "one"}
    assert submit(platform, CAT, **call).status_code == 200
    with platform.serving.database.work() as work:
        work.execute(text("UPDATE idempotency_keys SET answer = NULL"))
    again = submit(platform, CAT, **call)
    assert (again.status_code, again.headers["retry-after"]) == (409, "1")
    assert again.json()["code"] == "at_work"
    platform.make_list()
    other = platform.http.get("/v1/lists/known/changes", params={"after": "7"}, headers=call)
    assert (other.status_code, other.headers.get("retry-after")) == (409, None)


def test_a_file_that_is_no_picture_keeps_its_digests(platform: Platform) -> None:
    platform.make_list()
    note = b"a plain note, of no picture"
    platform.add(sha256_of(note))
    answer = submit(platform, note).json()
    assert (answer["action"], answer["problem"]) == ("block", "media.not_a_picture")


def test_multipart_carries_what_the_platform_says(platform: Platform) -> None:
    files = {"file": ("cat.jpg", CAT, "image/jpeg")}
    said = '{"uploader": {"id": "u-1", "account_age_days": 3}, "context": {"surface": "profile"}}'
    answer = platform.http.post("/v1/media", files=files, data={"metadata": said})
    assert answer.status_code == 200, answer.text
    with platform.serving.database.reading() as work:
        facts = work.execute(text("SELECT facts FROM decisions")).scalar_one()
    assert "u-1" in str(facts)
    assert "profile" in str(facts)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/octet-stream", 422),
        (b"{}", "application/json", 422),
        (b'{"url": "http://example.org/a.jpg"}', "application/json", 403),
        (b'{"url": "http://127.0.0.1/a.jpg"}', "application/json", 403),
        (b'{"url": "nothing"}', "application/json", 403),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"--x\r\n", "multipart/form-data; boundary=x", 400),
        (b"nonsense", "multipart/form-data; boundary=x", 400),
        (b"x", "multipart/form-data", 400),
        (b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc',
         "multipart/form-data; boundary=x", 400),
        (b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\nabc\r\n--x--\r\n',
         "multipart/form-data; boundary=x", 400),
        (b'--x\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{}\r\n--x--\r\n',
         "multipart/form-data; boundary=x", 422),
        (b'--x\r\nContent-Disposition: form-data; name="fi\x00le"\r\n\r\nabc\r\n--x--\r\n',
         "multipart/form-data; boundary=x", 400),
        (b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc\r\n--x\r\n'
         b'Content-Disposition: form-data; name="file"\r\n\r\nabc\r\n--x--\r\n',
         "multipart/form-data; boundary=x", 400),
        (b'--x\r\nX: ' + b"y" * 9000 + b'\r\n\r\nabc\r\n--x--\r\n',
         "multipart/form-data; boundary=x", 400),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused_and_nothing_is_decided(
    platform: Platform, body: bytes, kind: str, status: int
) -> None:
    answer = submit(platform, body, **{"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert platform.http.get("/v1/decisions").json()["decisions"] == []


@pytest.mark.parametrize(
    "said",
    [
        '{"uploader": {"id": 3}}', '{"other": 1}', "[]", "{", '{"context": {"surface": "moon"}}',
        '{"uploader": {"id": "a\\u0000b"}}', "[" * 20_000, '{"uploader": {"country": "Mexico"}}',
        "\udcff",
    ],
)  # fmt: skip
def test_metadata_that_is_wrong_is_refused_by_field(platform: Platform, said: str) -> None:
    body = said.encode("utf-8", "surrogateescape")
    answer = platform.http.post("/v1/media", files={"file": CAT, "metadata": body})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("metadata")


def test_a_claim_to_be_huge_is_not_waited_for(platform: Platform) -> None:
    host, port = platform.http.base_url.host, platform.http.base_url.port
    with socket.create_connection((host, port)) as raw:
        raw.sendall(
            b"POST /v1/media HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n"
            + f"Authorization: {platform.http.headers['Authorization']}\r\n\r\n".encode()
        )
        raw.settimeout(10)
        assert raw.recv(4096).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("upload", "problem"),
    [
        (CAT[:2000], "media.truncated"),
        (CAT[:300] + b"\0" * 9000, "media.damaged"),
        (hostile.png_bomb(50_000, 50_000), "media.too_many_pixels"),
    ],
    ids=["truncated", "damaged", "bomb"],
)
def test_a_picture_that_cannot_be_seen_is_never_let_through(
    platform: Platform, upload: bytes, problem: str
) -> None:
    answer = submit(platform, upload).json()
    assert (answer["problem"], answer["action"]) == (problem, "review")
    assert answer["rules"] == ["not-looked-at"]


def test_a_document_is_no_picture_that_nobody_saw(platform: Platform) -> None:
    assert submit(platform, b"%PDF-1.7 a document").json()["action"] == "allow"
