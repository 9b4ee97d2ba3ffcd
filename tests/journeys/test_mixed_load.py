"""Minutes of everything at once: memory stays flat; no process, file or connection leaks."""

import itertools
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import monotonic

import httpx2
import psutil
import pytest
from sqlalchemy import text

from amparo.db import Database
from amparo.db.migrate import upgrade
from amparo.testing import hostile
from amparo.testing.receiver import Receiver, receiver
from tests.databases import OwnPostgres
from tests.journeys.test_faults import PICTURE, client_of, start_knowing
from tests.journeys.test_serve import Server

pytestmark = pytest.mark.slow

WARM_S, LOAD_S = 60, 300
MOST_GROWTH = 1.05
MOST_OF_INDEX = 2 * (1 + 2 * 3)
"""A journal and two segments of one algorithm, for who writes and who searches."""

GOOD, BUSY = (200, 201), 503
EXPECTED = {"known": (200, 409), "broken": (200, 422), "read": (200, 404), "stranger": (401,)}
"""What else callers are answered, who ask for what cannot be."""

MOST_BUSY = 0.01
"""Of a caller's answers: a server that sends everybody away does not grow either."""

SETTINGS = {"AMPARO_WEBHOOK_HOSTS": '["127.0.0.1"]', "AMPARO_KEY_RATE": "1000000"}
OTHERS = [
    hostile.encoded(hostile.photograph_like(800, 600, seed=seed), "JPEG") for seed in range(20)
]
BROKEN = [hostile.truncated_jpeg(), hostile.png_bomb(30_000, 30_000), b"", b"words"]


@dataclass
class Seen:
    """What the processes of a server have, once."""

    at_s: float
    memory: int
    """Bytes that would be free if they ended, what they share counted in parts."""

    processes: int
    files: int
    """Besides the index's."""

    connections: int
    of_index: int
    """Its journal, and segments since it has first been packed."""


@dataclass
class Load:
    """Callers that go on until they are told to stop."""

    server: Server
    stop: threading.Event = field(default_factory=threading.Event)
    answered: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: list[str] = field(default_factory=list)

    def caller(self, name: str, once: Callable[[httpx2.Client, int], httpx2.Response]) -> None:
        with client_of(self.server) as client:
            for number in itertools.count():
                if self.stop.is_set():
                    return
                answer = once(client, number)
                if answer.status_code not in (*EXPECTED.get(name, GOOD), BUSY):
                    self.wrong.append(f"{name}: {answer.status_code} {answer.text}")
                self.answered[name][answer.status_code] += 1
                self.stop.wait(0.005)


def known(client: httpx2.Client, number: int) -> httpx2.Response:
    headers = {"Idempotency-Key": f"k-{number // 2}"}  # each twice
    content = PICTURE + (number // 2).to_bytes(4, "big")
    return client.post("/v1/media", content=content, headers=headers)


def unknown(client: httpx2.Client, number: int) -> httpx2.Response:
    file = OTHERS[number % len(OTHERS)]
    return client.post("/v1/media", files={"file": ("a.jpg", file)})


def broken(client: httpx2.Client, number: int) -> httpx2.Response:
    return client.post("/v1/media", content=BROKEN[number % len(BROKEN)])


def look_up(client: httpx2.Client, number: int) -> httpx2.Response:
    hashes = [{"algorithm": "pdq", "value": f"{number * 1000 + each:064x}"} for each in range(100)]
    return client.post("/v1/matches", json={"hashes": hashes})


def change(client: httpx2.Client, number: int) -> httpx2.Response:
    signals = [{"algorithm": "pdq", "value": f"{(number + each) % 5000:064x}"} for each in range(5)]
    added = client.post("/v1/lists/known/signals", json={"signals": signals})
    gone = {"signals": added.json()["signals"]}
    return client.post("/v1/lists/known/withdrawals", json=gone)


def tell(client: httpx2.Client, number: int) -> httpx2.Response:
    said = {"kind": "other", "urls": [f"https://example.org/{number}"], "explanation": "x"}
    told = client.post("/v1/notices", json=said).json()
    path = f"/v1/notices/{told['number']}"
    client.get(path, headers={"X-Notice-Secret": told["secret"]})
    return client.post(f"{path}/answer", json={"outcome": "kept", "why": "x"})


def read(client: httpx2.Client, number: int) -> httpx2.Response:
    paths = ("/metrics", "/readyz", "/v1/decisions", "/v1/lists/known/changes", "/console/sign-in",
             "/v1/media/00000000-0000-0000-0000-000000000000", "/docs", "/v1/nothing")  # fmt: skip
    return client.get(paths[number % len(paths)])


def stranger(client: httpx2.Client, number: int) -> httpx2.Response:
    body = {"email": f"{number}@example.org", "password": "x" * 12, "code": "000000"}
    client.post("/v1/session", json=body)
    with httpx2.Client(base_url=client.base_url, timeout=60) as another:  # a connection a call
        return another.post("/v1/media", content=PICTURE, headers={"Authorization": "Bearer x"})


CALLERS = (known, known, unknown, broken, look_up, change, tell, read, stranger)


@pytest.fixture(params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tmp_path: Path, socket_enabled: None
) -> Iterator[Server]:
    """A server, told about, which takes no flood for one."""
    home = tmp_path / "home"
    url = f"sqlite:///{home}/amparo.db"
    if request.param == "postgresql":
        own: OwnPostgres = request.getfixturevalue("own_postgres")
        url = own.url
        with Database(url) as database:
            upgrade(database)
    server = start_knowing(home, url, SETTINGS)
    yield server
    server.process.kill()
    server.process.communicate()


@pytest.fixture
def there(server: Server) -> Iterator[Receiver]:
    with receiver() as state, client_of(server) as client:
        assert client.post("/v1/webhooks", json={"url": state.url}).status_code == 201
        yield state


def look(server: Server, began: float) -> Seen:
    """Decoders come and go: one that ends in this moment is no reason not to look again."""
    for _ in range(9):
        try:
            return look_once(server, began)
        except psutil.NoSuchProcess as gone:
            if gone.pid == server.process.pid:
                raise
    raise AssertionError("some process ends whenever somebody looks")


def look_once(server: Server, began: float) -> Seen:
    leader = psutil.Process(server.process.pid)
    members = [leader, *leader.children(recursive=True)]
    of_index = sum("/index/" in each.path for each in leader.open_files())
    return Seen(
        monotonic() - began,
        sum(each.memory_full_info().pss for each in members),
        len(members),
        sum(each.num_fds() for each in members) - of_index,
        sum(len(each.net_connections("all")) for each in members),
        of_index,
    )


def test_nothing_grows(server: Server, there: Receiver) -> None:
    load = Load(server)
    began = monotonic()
    seen: list[Seen] = []
    with ExitStack() as stack:
        threads = [
            threading.Thread(target=load.caller, args=(each.__name__, each)) for each in CALLERS
        ]
        stack.callback(lambda: [each.join() for each in threads])
        stack.callback(load.stop.set)
        for each in threads:
            each.start()
        while monotonic() < began + WARM_S + LOAD_S:
            load.stop.wait(5)
            there.messages.clear()
            seen.append(look(server, began))
    for each in seen:
        print(
            f"{each.at_s:6.0f} s {each.memory / 2**20:8.1f} MiB {each.processes} processes "
            f"{each.files} files + {each.of_index} of the index, {each.connections} connections"
        )
    print(load.answered)
    assert not load.wrong, load.wrong[:3]
    assert set(load.answered) == {each.__name__ for each in CALLERS}
    for name, by_status in load.answered.items():
        assert by_status[BUSY] <= MOST_BUSY * by_status.total(), (name, by_status)
    warm = [each for each in seen if each.at_s >= WARM_S]
    fifth = len(warm) // 5
    first, last = warm[:fifth], warm[-fifth:]
    assert median(each.memory for each in last) < MOST_GROWTH * median(
        each.memory for each in first
    )
    assert max(each.processes for each in last) <= max(each.processes for each in first)
    assert median(each.files for each in last) <= median(each.files for each in first) + 5
    assert max(each.of_index for each in last) <= MOST_OF_INDEX
    assert median(each.connections for each in last) <= (
        median(each.connections for each in first) + 5
    )
    assert_all_is_told(server)
    at_rest(server, seen[0])


def assert_all_is_told(server: Server) -> None:
    """No backlog is left: what was decided has been told, and the trail is sealed."""
    waited = threading.Event()
    url = server.environment["AMPARO_DATABASE_URL"]
    with Database(url) as database:
        for _ in range(600):
            with database.reading() as work:
                left = work.execute(
                    text(
                        "SELECT (SELECT count(*) FROM outbox WHERE done_at IS NULL) + (SELECT "
                        "count(*) FROM deliveries WHERE state = 'waiting') + (SELECT count(*) FROM "
                        "audit_entries WHERE position IS NULL)"
                    )
                ).scalar_one()
            if not left:
                return
            waited.wait(0.1)
    raise AssertionError(f"{left} things are still waiting a minute after the load has ended")


def at_rest(server: Server, before: Seen) -> None:
    """With the callers gone, their connections are gone; the trail is as it was written."""
    waited = threading.Event()
    for _ in range(600):
        now = look(server, 0)
        if now.connections <= before.connections and now.processes <= before.processes:
            break
        waited.wait(0.1)
    else:
        raise AssertionError(f"{now} is left, where there was {before}")
    verified = subprocess.run(
        [sys.executable, "-m", "amparo", "audit", "verify"],
        env=psutil.Process().environ() | server.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stderr
