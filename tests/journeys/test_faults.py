"""Processes are killed in the middle of uploads: what was acknowledged is on record, and held."""

import random
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

import httpx2
import psutil
import pyrage
import pytest
from pyrage import x25519
from sqlalchemy import select

from amparo.access.repeats import RepeatRow
from amparo.core.settings import settings
from amparo.db import Database
from amparo.db.migrate import upgrade
from amparo.detect.deciding.tables import DecisionRow, MediaRow
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.media.model import Limits
from amparo.testing.hostile import encoded, photograph_like
from tests.databases import OwnPostgres
from tests.journeys.test_serve import Server, free_port, start

pytestmark = pytest.mark.slow

UPLOADS = 1000
PATIENCE_S = 120
PICTURE = encoded(photograph_like(), "JPEG")


@dataclass
class Told:
    """What the uploaders were told, by their keys; None where they were not."""

    answers: dict[str, dict[str, object] | None] = field(default_factory=dict)
    some: threading.Event = field(default_factory=threading.Event)
    again: threading.Event = field(default_factory=threading.Event)
    """Somebody was told to come again."""


def upload(server: Server, told: Told, number: int) -> None:
    """One upload, sent again where it is told that nothing was decided."""
    key = f"key-{number}"
    told.answers[key] = None
    if len(told.answers) == UPLOADS // 3:
        told.some.set()
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            answer = httpx2.post(
                f"http://127.0.0.1:{server.port}/v1/media",
                content=PICTURE + number.to_bytes(4, "big"),
                headers={"Authorization": f"Bearer {server.key}", "Idempotency-Key": key},
                timeout=60,
            )
        except httpx2.HTTPError:
            return
        if answer.status_code == 200:
            told.answers[key] = answer.json()
            return
        assert answer.status_code in (409, 503), answer.text
        told.again.set()
        threading.Event().wait(0.2)  # as the answer asks for, and a little sooner


def start_knowing(
    home: Path, database_url: str, others: Mapping[str, str] = MappingProxyType({})
) -> Server:
    """A server that knows the picture, and takes a thousand of it for no flood."""
    home.mkdir()
    shutil.copytree(settings().home / "kernels", home / "kernels")
    port = free_port()
    temporary = home.parent / "temporary"
    temporary.mkdir()
    environment = {
        "AMPARO_HOME": str(home),
        "AMPARO_DATABASE_URL": database_url,
        "AMPARO_FLOOD_FLOOR": "1000000",
        "TMPDIR": str(temporary),  # so that what is looked for in the clear is looked for there too
        **others,
    }
    log = home.parent / "log"
    process, said = start(home, "--port", str(port), environment=environment, log=log)
    key = next(line for line in said if "first key" in line).rpartition(" ")[2].strip()
    server = Server(process, key, port, environment)
    with client_of(server) as client:
        client.post("/v1/lists", json={"name": "known", "kind": "confirmed"})
        value = hash_media(PICTURE, Limits()).pictures[0].hex
        signals = {"signals": [{"algorithm": "pdq", "value": value}]}
        assert client.post("/v1/lists/known/signals", json=signals).status_code == 201
        while client.get("/readyz").json()["lag"]:
            pass
    return server


def client_of(server: Server) -> httpx2.Client:
    return httpx2.Client(
        base_url=f"http://127.0.0.1:{server.port}",
        headers={"Authorization": f"Bearer {server.key}"}, timeout=60,
    )  # fmt: skip


@pytest.fixture
def server(tmp_path: Path, socket_enabled: None) -> Iterator[Server]:
    """One that keeps everything in SQLite."""
    home = tmp_path / "home"
    server = start_knowing(home, f"sqlite:///{home}/amparo.db")
    yield server
    server.process.kill()
    server.process.communicate()


@pytest.fixture
def on_postgres(
    tmp_path: Path, own_postgres: OwnPostgres, socket_enabled: None
) -> Iterator[Server]:
    """One that keeps everything in a PostgreSQL of its own."""
    with Database(own_postgres.url) as database:
        upgrade(database)
    server = start_knowing(tmp_path / "home", own_postgres.url)
    yield server
    server.process.kill()
    server.process.communicate()


def all_uploads(server: Server, told: Told) -> None:
    with ThreadPoolExecutor(8) as threads:
        for number in range(UPLOADS):
            threads.submit(upload, server, told, number)


def check(server: Server, told: Told) -> None:
    """Every acknowledged decision once, with its bytes; nothing invented, nothing in the clear."""
    home = Path(server.environment["AMPARO_HOME"])
    key_file = (home / "vault-key.txt").read_text().splitlines()[-1]
    identity = x25519.Identity.from_str(key_file)
    with (
        Database(server.environment["AMPARO_DATABASE_URL"]) as database,
        database.reading() as work,
    ):
        held = {row.id: row.held_as for row in work.execute(select(MediaRow.id, MediaRow.held_as))}
        decided = work.execute(select(DecisionRow.media_id)).scalars().all()
        answered = work.execute(select(RepeatRow.key).where(RepeatRow.answer.is_not(None))).all()
    acknowledged = {key: answer for key, answer in told.answers.items() if answer}
    assert acknowledged
    assert sorted(decided) == sorted(held)
    assert len(decided) == len(answered) <= len(told.answers)
    for key, answer in acknowledged.items():
        name = held[UUID(str(answer["media_id"]))]
        kept = pyrage.decrypt((home / "inbox" / name).read_bytes(), [identity])
        assert kept == PICTURE + int(key.removeprefix("key-")).to_bytes(4, "big")
    assert len({answer["media_id"] for answer in acknowledged.values()}) == len(acknowledged)
    for path in home.parent.rglob("*"):
        if path.is_file():
            assert PICTURE[200:260] not in path.read_bytes(), path


def test_a_server_that_is_killed_has_kept_what_it_said(server: Server) -> None:
    told = Told()
    uploading = threading.Thread(target=all_uploads, args=(server, told))
    uploading.start()
    assert told.some.wait(120)
    server.process.kill()
    uploading.join()
    server.process.wait()
    check(server, told)
    home = Path(server.environment["AMPARO_HOME"])
    again, said = start(home, "--port", str(server.port), environment=server.environment)
    try:
        assert said[-1].startswith("Amparo serves")
        lost = [key for key, answer in told.answers.items() if answer is None]
        assert lost
        check(server, told)
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
    # A file whose decoder was killed twice is held to be hostile, and never let through.
    found = {(answer["action"], answer["problem"]) for answer in told.answers.values() if answer}
    assert found <= {("hold", ""), ("review", "media.decoder_crashed")}
    check(server, told)


@pytest.mark.parametrize("away_s", [0, 30])
def test_a_database_that_is_killed_and_comes_back_has_every_decision_once(
    on_postgres: Server, own_postgres: OwnPostgres, away_s: int
) -> None:
    told = Told()
    uploading = threading.Thread(target=all_uploads, args=(on_postgres, told))
    uploading.start()
    assert told.some.wait(120)
    own_postgres.kill()
    value = hash_media(PICTURE, Limits()).pictures[0].hex
    asked = {"hashes": [{"algorithm": "pdq", "value": value}]}
    until = time.monotonic() + away_s
    with client_of(on_postgres) as client:
        while time.monotonic() < until:
            assert len(client.post("/v1/matches", json=asked).json()["results"][0]) == 1
        own_postgres.start()
        uploading.join()
        assert told.again.is_set()
        assert all(told.answers.values())
        check(on_postgres, told)
        while (state := client.get("/readyz").json())["lag"] != 0:
            assert state["ready"]


def test_a_full_disk_loses_nothing_and_what_was_told_to_come_again_is_decided_later(
    server: Server,
) -> None:
    """No file may grow any more; a disk that is full says the same to whoever writes."""
    told = Told()
    uploading = threading.Thread(target=all_uploads, args=(server, told))
    uploading.start()
    assert told.some.wait(120)
    serving = psutil.Process(server.process.pid)
    unlimited = serving.rlimit(psutil.RLIMIT_FSIZE)
    serving.rlimit(psutil.RLIMIT_FSIZE, (1024, unlimited[1]))
    assert told.again.wait(60)
    with client_of(server) as client:
        value = hash_media(PICTURE, Limits()).pictures[0].hex
        asked = {"hashes": [{"algorithm": "pdq", "value": value}]}
        for _ in range(100):
            assert len(client.post("/v1/matches", json=asked).json()["results"][0]) == 1
    serving.rlimit(psutil.RLIMIT_FSIZE, unlimited)
    uploading.join()
    assert all(told.answers.values())
    check(server, told)


def kill_a_decoder(serving: int, chance: random.Random) -> bool:
    """Kill one of the processes that the sandbox's server has forked; whether there was one."""
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(serving).children():
            decoders = child.children()
            if "forkserver" in " ".join(child.cmdline()) and decoders:
                chance.choice(decoders).send_signal(signal.SIGKILL)
                return True
    return False
