"""A platform's view: Amparo served over real HTTP, on either database."""

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from pytest_socket import enable_socket

from amparo.access.keys import create_key
from amparo.access.model import Actor, Scope
from amparo.app.change_lists import confirm_proposal
from amparo.app.serving import Serving, open_serving
from amparo.core.clock import Clock, SystemClock
from amparo.db import Database
from amparo.detect.media.sandbox import Sandbox
from amparo.programs.serve.host import looked_after
from amparo.programs.serve.run import listening
from amparo.programs.serve.server import server_of
from tests.conftest import small_settings

WAIT_S = 30
TLS = ssl.create_default_context()
"""Made once: each client would read all authorities anew, and none of them is asked here."""

_ONE = {"hashes": [{"algorithm": "md5", "value": "00" * 16}]}


@dataclass
class Platform:
    """A client with the first key, another with none, and what they call."""

    http: httpx2.Client
    anyone: httpx2.Client
    key: str
    serving: Serving
    home: Path
    said: list[str] = field(default_factory=list)
    opened: list[httpx2.Client] = field(default_factory=list)
    """Further clients, which are closed at the end."""

    def make_list(self, name: str = "known", **others: object) -> None:
        """A confirmed list, unless told otherwise."""
        body = {"name": name, "kind": "confirmed"} | others
        assert self.http.post("/v1/lists", json=body).status_code == 201

    def add(self, *signals: dict[str, object], to: str = "known") -> list[str]:
        """Add signals and wait until this host searches them."""
        answer = self.http.post(f"/v1/lists/{to}/signals", json={"signals": signals})
        assert answer.status_code in (201, 202), answer.text
        said = answer.json()
        self.wait_for(to, said["revision"] or self.confirm(to, said["proposal"]))
        numbers = said["signals"]
        assert isinstance(numbers, list)
        return numbers

    def confirm(self, name: str, proposal: str) -> int:
        """Two people confirm; the revision as of which it holds."""
        owner = self.serving.keys.actor(self.key).organisation_id
        serving = self.serving
        for each in ("person:one", "person:another one"):
            person = Actor(owner, each, frozenset(Scope))
            change = confirm_proposal(serving.database, name, int(proposal), person, serving.clock)
        assert change is not None
        return change.revision

    def another_key(self) -> str:
        """A new key of the same organisation, with every scope."""
        owner = self.serving.keys.actor(self.key).organisation_id
        with self.serving.database.work() as work:
            return create_key(work, owner, "another", Scope, now=self.serving.clock.now())

    def wait_for(self, name: str, revision: int) -> None:
        """Return when this host searches the list as of a revision."""
        waited = threading.Event()
        for _ in range(WAIT_S * 100):
            if self.http.post("/v1/matches", json=_ONE).json()["revisions"].get(name) == revision:
                return
            waited.wait(0.01)
        raise AssertionError("the index did not follow")


@pytest.fixture
def platform(
    database: Database, database_url: str, tmp_path: Path, sandbox: Sandbox
) -> Iterator[Platform]:
    """Served in this process, on a port that was free."""
    yield from serving_platform(database_url, tmp_path, sandbox)


def serving_platform(
    url: str,
    folder: Path,
    sandbox: Sandbox,
    clock: Clock | None = None,
    key: str = "",
    **others: object,
) -> Iterator[Platform]:
    """Served from the database that `url` names, by the machine's clock or another.

    `key` is one that the database knows, where it is not new; `others` are settings.
    """
    clock = clock or SystemClock()
    home = folder / "home"
    small = {"home": home, "database_url": url, "flood_floor": 20, "uploads_bytes": 20_000_000}
    settings = small_settings().model_copy(update=small | others)
    said: list[str] = []
    enable_socket()
    with (
        looked_after(settings, clock, said.append) as database,
        open_serving(settings, database, sandbox, clock) as serving,
    ):
        server = server_of(serving)
        listener = listening("127.0.0.1", 0)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        key = key or said[-1].rpartition(" ")[2]
        port = listener.getsockname()[1]
        headers = {"Authorization": f"Bearer {key}"}
        base_url = f"http://127.0.0.1:{port}"
        try:
            with (
                httpx2.Client(base_url=base_url, headers=headers, timeout=60, verify=TLS) as client,
                httpx2.Client(base_url=base_url, timeout=60, verify=TLS) as anyone,
            ):
                platform = Platform(client, anyone, key, serving, home, said)
                yield platform
                for each in platform.opened:
                    each.close()
        finally:
            server.should_exit = True
            thread.join()
