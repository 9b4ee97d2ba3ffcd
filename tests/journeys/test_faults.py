"""Processes are killed in the middle of uploads: what was acknowledged is on record, and held."""

import random
import shutil
import signal
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pyrage
import pytest
from pyrage import x25519

from amparo.core.settings import settings
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.media.model import Limits
from amparo.testing.hostile import encoded, photograph_like
from tests.journeys.test_serve import Server, free_port, start

pytestmark = pytest.mark.slow

UPLOADS = 1000
PICTURE = encoded(photograph_like(), "JPEG")


@dataclass
class Told:
    """What the uploaders were told, by their keys; None where they were not."""

    answers: dict[str, dict[str, object] | None] = field(default_factory=dict)
    some: threading.Event = field(default_factory=threading.Event)


def upload(server: Server, told: Told, number: int) -> None:
    """One upload; every third is unlike the known picture by its last byte alone, as all are."""
    key = f"key-{number}"
    told.answers[key] = None
    if len(told.answers) == UPLOADS // 3:
        told.some.set()
    try:
        answer = httpx.post(
            f"http://127.0.0.1:{server.port}/v1/media",
            content=PICTURE + number.to_bytes(4, "big"),
            headers={"Authorization": f"Bearer {server.key}", "Idempotency-Key": key},
            timeout=60,
        )
    except httpx.HTTPError:
        return
    if answer.status_code == 200:
        told.answers[key] = answer.json()


@pytest.fixture
def server(tmp_path: Path, socket_enabled: None) -> Iterator[Server]:
    """One that knows the picture."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copytree(settings().home / "kernels", home / "kernels")
    port = free_port()
    process, said = start(home, "--port", str(port))
    key = next(line for line in said if "first key" in line).rpartition(" ")[2].strip()
    server = Server(process, key, port, {"AMPARO_HOME": str(home)})
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}
    ) as client:
        client.post("/v1/lists", json={"name": "known", "kind": "confirmed"})
        value = hash_media(PICTURE, Limits()).pictures[0].hex
        signals = {"signals": [{"algorithm": "pdq", "value": value}]}
        assert client.post("/v1/lists/known/signals", json=signals).status_code == 201
        while client.get("/readyz").json()["lag"]:
            pass
    yield server
    process.kill()
    process.communicate()


def all_uploads(server: Server, told: Told) -> None:
    with ThreadPoolExecutor(8) as threads:
        for number in range(UPLOADS):
            threads.submit(upload, server, told, number)


def check(home: Path, told: Told) -> None:
    """Every acknowledged decision once, with its bytes; and no more than was sent."""
    key_file = (home / "vault-key.txt").read_text().splitlines()[-1]
    identity = x25519.Identity.from_str(key_file)
    with sqlite3.connect(home / "amparo.db") as database:
        rows = database.execute(
            "SELECT decisions.id, media.id, held_as FROM decisions JOIN media "
            "ON media.id = decisions.media_id"
        ).fetchall()
        answered = database.execute(
            "SELECT count(*) FROM idempotency_keys WHERE answer IS NOT NULL"
        ).fetchone()[0]
    held = {media: name for _, media, name in rows}
    acknowledged = {key: answer for key, answer in told.answers.items() if answer}
    assert acknowledged
    assert len(rows) == answered <= len(told.answers)
    for key, answer in acknowledged.items():
        media = str(answer["media_id"]).replace("-", "")
        kept = pyrage.decrypt((home / "inbox" / held[media]).read_bytes(), [identity])
        assert kept == PICTURE + int(key.removeprefix("key-")).to_bytes(4, "big")
    assert len({answer["media_id"] for answer in acknowledged.values()}) == len(acknowledged)


def test_a_server_that_is_killed_has_kept_what_it_said(server: Server) -> None:
    told = Told()
    uploading = threading.Thread(target=all_uploads, args=(server, told))
    uploading.start()
    assert told.some.wait(120)
    server.process.kill()
    uploading.join()
    server.process.wait()
    home = Path(server.environment["AMPARO_HOME"])
    check(home, told)
    again, said = start(home, "--port", str(server.port))
    try:
        assert said[-1].startswith("Amparo serves")
        lost = [key for key, answer in told.answers.items() if answer is None]
        assert lost
        check(home, told)
    finally:
        again.kill()
        again.communicate()


def test_decoders_that_are_killed_cost_no_upload(server: Server) -> None:
    told = Told()
    uploading = threading.Thread(target=all_uploads, args=(server, told))
    uploading.start()
    assert told.some.wait(120)
    chance = random.Random(1)
    killed = 0
    while uploading.is_alive() and killed < 5:
        killed += kill_a_decoder(server.process.pid, chance)
    assert killed
    uploading.join()
    server.process.terminate()
    server.process.wait()
    assert all(told.answers.values())
    assert {answer["action"] for answer in told.answers.values() if answer} == {"hold"}
    check(Path(server.environment["AMPARO_HOME"]), told)


def kill_a_decoder(serving: int, chance: random.Random) -> bool:
    """Kill one of the processes that the sandbox's server has forked; whether there was one."""
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(serving).children():
            decoders = child.children()
            if "forkserver" in " ".join(child.cmdline()) and decoders:
                chance.choice(decoders).send_signal(signal.SIGKILL)
                return True
    return False
