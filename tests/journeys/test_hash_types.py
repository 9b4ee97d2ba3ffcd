"""Hash types that are plugged in, from the command line to a decision over HTTP."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.media.model import Limits
from amparo.testing.hostile import encoded, photograph_like
from tests.conftest import Run
from tests.journeys.test_serve import WAIT_S, free_port, home, start  # noqa: F401 (a fixture)
from tests.plug_ins import asked, tiles, wild

TILES, ASKED, WILD = tiles.__file__, asked.__file__, wild.__file__
PICTURE = photograph_like(320, 240, seed=4)
KNOWN = encoded(PICTURE, "PNG")
COPY = encoded(PICTURE.resize((200, 150)), "JPEG", quality=70)
OTHER = encoded(photograph_like(320, 240, seed=9), "PNG")


@dataclass
class Service:
    """What answers `asked`: the digest's bytes of what it knows, or what it is told to do."""

    port: int
    status: int = 200
    hangs: threading.Event = field(default_factory=threading.Event)
    """Not set: it answers."""

    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def service() -> Iterator[Service]:
    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if told.hangs.is_set():
                told.ended.wait(WAIT_S)
            self.send_response(told.status)
            self.end_headers()
            self.wfile.write(hashlib.md5(body, usedforsecurity=False).digest())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    told = Service(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield told
    told.ended.set()
    server.shutdown()
    server.server_close()


def test_files_are_hashed_and_found_by_another_type(amparo: Run, tmp_path: Path) -> None:
    plugged = {"AMPARO_HASH_TYPES": json.dumps([TILES])}
    for name, data in (("known.png", KNOWN), ("copy.jpg", COPY), ("other.png", OTHER)):
        (tmp_path / name).write_bytes(data)
    hashed = amparo("hash", "known.png", env=plugged)
    lines = [json.loads(line) for line in hashed.out.splitlines()]
    assert [each["algorithm"] for each in lines] == ["pdq", "tiles", "md5", "sha1", "sha256"]
    (tmp_path / "tiles.jsonl").write_text(json.dumps(lines[1]) + "\n")
    found = amparo("scan", "copy.jpg", "other.png", "--against", "tiles.jsonl", env=plugged)
    assert found.status == 1
    copy, other = (json.loads(line)["matches"] for line in found.out.splitlines())
    assert other == []
    (match,) = copy
    assert (match["algorithm"], match["signal"]) == ("tiles", "tiles.jsonl:1")
    assert 0 < match["distance"] <= 300
    without = amparo("scan", "copy.jpg", "--against", "tiles.jsonl")
    assert without.status == 2
    assert "is not one of pdq, md5, sha1, sha256" in without.err


def test_a_long_list_of_another_type_has_an_index(amparo: Run, tmp_path: Path) -> None:
    plugged = {"AMPARO_HASH_TYPES": json.dumps([TILES])}
    (tmp_path / "known.png").write_bytes(KNOWN)
    (tmp_path / "copy.jpg").write_bytes(COPY)
    hashed = amparo("hash", "known.png", env=plugged).out.splitlines()[1]
    others = (f'{{"algorithm": "tiles", "value": "{number:0128x}"}}' for number in range(9000))
    (tmp_path / "long.jsonl").write_text("\n".join([*others, hashed]) + "\n")
    found = amparo("scan", "copy.jpg", "--against", "long.jsonl", env=plugged)
    assert [each["signal"] for each in json.loads(found.out)["matches"]] == ["long.jsonl:9001"]


HARD = {
    height: encoded(photograph_like(320, height, seed=4), "PNG")
    for height in (wild.CRASHES, wild.HANGS, wild.SWELLS)
}
ROUGH = {
    "AMPARO_HASH_TYPES": json.dumps([WILD]), "AMPARO_ITEM_SECONDS": "2",
    "AMPARO_ITEM_MEMORY_BYTES": str(400 * 1024 * 1024),
}  # fmt: skip


def test_a_type_that_crashes_or_hangs_costs_a_file_no_pdq(amparo: Run, tmp_path: Path) -> None:
    (tmp_path / "well.png").write_bytes(KNOWN)
    for height, data in HARD.items():
        (tmp_path / f"{height}.png").write_bytes(data)
    (tmp_path / "no.jpg").write_bytes(encoded(PICTURE, "JPEG")[:2000])
    hashed = amparo("hash", ".", env=ROUGH)
    made: dict[str, list[str]] = {}
    problems: dict[str, str] = {}
    for line in map(json.loads, hashed.out.splitlines()):
        name = Path(line["path"]).name
        if "error" in line:
            problems[name] = line["error"]["code"]
        else:
            made.setdefault(name, []).append(line["algorithm"])
    digests = ["md5", "sha1", "sha256"]
    assert made.pop("well.png") == ["pdq", "wild", *digests]
    assert made.pop("no.jpg")[-3:] == digests
    assert problems.pop("no.jpg") == "media.truncated"
    assert made == {f"{height}.png": ["pdq", *digests] for height in HARD}
    assert problems == {f"{height}.png": "media.hash_missing" for height in HARD}


def test_a_warning_is_no_line_among_the_records(
    amparo: Run, tmp_path: Path, socket_enabled: None
) -> None:
    (tmp_path / "one.png").write_bytes(KNOWN)
    nobody = f"http://127.0.0.1:{free_port()}/"
    env = {"AMPARO_HASH_TYPES": json.dumps([ASKED]), "HASH_SERVICE": nobody}
    hashed = amparo("hash", ".", env=env)
    records = [json.loads(line) for line in hashed.out.splitlines()]
    assert records[-1]["error"]["code"] == "media.hash_missing"
    assert "A hash service failed." in hashed.err


@dataclass
class Served:
    """A server with both types plugged in, and the service that one of them asks."""

    http: httpx2.Client
    service: Service
    environment: dict[str, str]

    def follow(self, revisions: dict[str, int]) -> None:
        """Return when it searches the lists so far."""
        one = {"hashes": [{"algorithm": "md5", "value": "00" * 16}]}
        waited = threading.Event()
        for _ in range(WAIT_S * 50):
            if self.http.post("/v1/matches", json=one).json()["revisions"] == revisions:
                return
            waited.wait(0.02)
        raise AssertionError("the index did not follow")


@pytest.fixture
def served(home: Path, socket_enabled: None) -> Iterator[Served]:  # noqa: F811 (the fixture)
    with service() as asked_one:
        environment = {
            "AMPARO_HASH_TYPES": json.dumps([TILES, ASKED]), "AMPARO_HASH_SECONDS": "2",
            "HASH_SERVICE": f"http://127.0.0.1:{asked_one.port}/", "AMPARO_HOME": str(home),
        }  # fmt: skip
        port = free_port()
        process, said = start(home, "--port", str(port), environment=environment)
        key = next(each.split()[-1] for each in said if "first key" in each)
        headers = {"Authorization": f"Bearer {key}"}
        with httpx2.Client(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60
        ) as client:
            yield Served(client, asked_one, environment)
        process.terminate()
        _, errors = process.communicate(timeout=WAIT_S)
        assert "Traceback" not in errors


def test_an_upload_is_held_for_what_another_type_finds(served: Served, amparo: Run) -> None:
    made = amparo(
        "lists", "create", "known", "--kind", "confirmed", "--radius-of", "asked=0",
        env=served.environment,
    )  # fmt: skip
    assert made.status == 0, made.err
    assert served.http.get("/v1/lists/known").json()["radii"] == {"asked": 0}
    value = tiles.HASH_TYPE.hash_pixels(_pixels(KNOWN)).value.hex()
    by_service = hashlib.md5(OTHER, usedforsecurity=False).hexdigest()
    added = served.http.post(
        "/v1/lists/known/signals",
        json={"signals": [
            {"algorithm": "tiles", "value": value}, {"algorithm": "asked", "value": by_service},
        ]},
    )  # fmt: skip
    assert added.status_code == 201, added.text
    served.follow({"known": 1})
    for upload, algorithm in ((COPY, "tiles"), (OTHER, "asked")):
        answer = served.http.post("/v1/media", content=upload).json()
        assert answer["action"] == "hold"
        (match,) = answer["matches"]
        assert (match["algorithm"], match["exact"]) == (algorithm, False)
    looked_up = served.http.post(
        "/v1/matches", json={"hashes": [{"algorithm": "tiles", "value": value}]}
    ).json()
    assert looked_up["results"][0][0]["distance"] == 0
    short = {"hashes": [{"algorithm": "tiles", "value": "00" * 32}]}
    assert served.http.post("/v1/matches", json=short).status_code == 422
    unknown = {"hashes": [{"algorithm": "gone", "value": "00" * 32}]}
    refused = served.http.post("/v1/matches", json=unknown)
    assert refused.status_code == 422
    assert "regex, tiles, asked" in refused.json()["detail"]


def test_people_look_where_a_service_is_away_or_silent(served: Served) -> None:
    assert served.http.post("/v1/media", content=OTHER).json()["action"] == "allow"
    served.service.status = 500
    answer = served.http.post("/v1/media", content=KNOWN).json()
    assert (answer["action"], answer["problem"]) == ("review", "media.hash_missing")
    served.service.status = 200
    served.service.hangs.set()
    answer = served.http.post("/v1/media", content=COPY).json()
    assert (answer["action"], answer["problem"]) == ("review", "media.hash_missing")


def test_an_upload_is_found_by_pdq_where_a_type_crashes_or_hangs(
    home: Path,  # noqa: F811 (the fixture)
    socket_enabled: None,
) -> None:
    port = free_port()
    process, said = start(home, "--port", str(port), environment=ROUGH)
    key = next(each.split()[-1] for each in said if "first key" in each)
    headers = {"Authorization": f"Bearer {key}"}
    listed = [
        {"algorithm": "pdq", "value": hash_media(data, Limits()).pictures[0].hex}
        for data in HARD.values()
    ]
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as http:
        http.post("/v1/lists", json={"name": "known", "kind": "confirmed"})
        http.post("/v1/lists/known/signals", json={"signals": listed})
        Served(http, Service(0), {}).follow({"known": 1})
        for data in HARD.values():
            answer = http.post("/v1/media", content=data).json()
            assert (answer["action"], answer["problem"]) == ("hold", "media.hash_missing")
            assert {each["algorithm"] for each in answer["matches"]} == {"pdq"}
        assert http.post("/v1/media", content=OTHER).json()["problem"] == ""
    process.terminate()
    process.communicate(timeout=WAIT_S)


def test_a_negative_list_takes_no_other_type(served: Served) -> None:
    served.http.post("/v1/lists", json={"name": "harmless", "kind": "negative"})
    signal = {"algorithm": "tiles", "value": "00" * 64, "note": "a drawing",
              "expires": "2099-01-01T00:00:00Z"}  # fmt: skip
    refused = served.http.post("/v1/lists/harmless/signals", json={"signals": [signal]})
    assert refused.status_code == 422
    assert "PDQ, digests, and what people write" in refused.json()["detail"]


def _pixels(data: bytes) -> "object":
    from io import BytesIO

    import numpy as np
    from PIL import Image

    return np.array(Image.open(BytesIO(data)).convert("RGB"))
