"""`amparo serve` as a newcomer meets it: the README's quick start, a signal, a second server."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import httpx2
import psutil
import pytest

from amparo.core.settings import settings
from amparo.testing.hostile import encoded, photograph_like
from tests.conftest import Run

README = Path(__file__).parents[2] / "README.md"
WAIT_S = 120


@dataclass
class Server:
    """A server that runs: its first key, its port, and its process."""

    process: subprocess.Popen[str]
    key: str
    port: int
    environment: dict[str, str]


def free_port() -> int:
    with socket.socket(socket.AF_INET) as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


def start(
    home: Path,
    *arguments: str,
    command: str = "serve",
    environment: Mapping[str, str] = MappingProxyType({}),
    log: Path | None = None,
) -> tuple[subprocess.Popen[str], list[str]]:
    """The process and what it said, up to the line that it serves.

    Whoever lets it log much names a file: nobody reads the pipe meanwhile.
    """
    with ExitStack() as stack:
        errors = subprocess.PIPE if log is None else stack.enter_context(log.open("a"))
        process = subprocess.Popen(
            [sys.executable, "-m", "amparo", command, *arguments],
            env=os.environ | {"AMPARO_HOME": str(home)} | environment,
            stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
    assert process.stdout is not None
    said = []
    late = threading.Timer(WAIT_S, process.kill)
    late.start()
    for line in process.stdout:
        said.append(line)
        if line.startswith("Amparo serves"):
            break
    late.cancel()
    return process, said


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for data in which the kernels are compiled already."""
    made = tmp_path / "home"
    made.mkdir()
    shutil.copytree(settings().home / "kernels", made / "kernels")
    return made


@pytest.fixture
def server(home: Path, socket_enabled: None) -> Iterator[Server]:
    """One that was started for the first time."""
    port = free_port()
    process, said = start(home, "--port", str(port))
    (key,) = re.findall(r"amparo_\w+", "".join(said))
    yield Server(process, key, port, os.environ | {"AMPARO_HOME": str(home)})
    process.kill()
    process.communicate()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the quick start is told with curl")
def test_the_quick_start_holds_a_picture(server: Server, tmp_path: Path) -> None:
    (block,) = re.findall(
        r"<!-- quick start -->\n```console\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL
    )
    lines = [line.removeprefix("$ ") for line in block.splitlines()]
    assert len(lines) == 5
    assert lines[0] == "amparo serve &"
    program = f'amparo() {{ {sys.executable} -m amparo "$@"; }}\nset -e\n'
    typed = "\n".join(lines[1:]).replace("8080", str(server.port))
    typed = typed.replace("curl ", f"{_wait_until_it_follows(server)}curl -s ")
    (tmp_path / "known.jpg").write_bytes(encoded(photograph_like(), "JPEG"))
    (tmp_path / "upload.jpg").write_bytes(encoded(photograph_like(), "JPEG", quality=50))
    ended = subprocess.run(
        ["bash", "-c", program + typed],
        cwd=tmp_path, env=server.environment | {"KEY": server.key},
        capture_output=True, text=True, timeout=WAIT_S,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert answer["action"] == "hold", answer
    assert answer["matches"][0]["list"] == "known"


def _wait_until_it_follows(server: Server) -> str:
    """A newcomer takes longer to type than the index to follow; a test does not."""
    ready = f"curl -s http://127.0.0.1:{server.port}/readyz | grep -q '\"lag\":0'"
    return f"until {ready}; do :; done; "


def test_a_signal_ends_it_with_nothing_left_behind(server: Server, home: Path) -> None:
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=WAIT_S) in (0, 128 + signal.SIGTERM, -signal.SIGTERM)
    again, said = start(home, "--port", str(server.port))
    assert "first key" not in "".join(said)
    again.send_signal(signal.SIGINT)
    _, errors = again.communicate(timeout=WAIT_S)
    assert "Traceback" not in errors


def test_a_request_at_work_is_answered_before_the_end(server: Server, home: Path) -> None:
    body = b"a note that takes long to arrive"
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.settimeout(WAIT_S)
        raw.sendall(
            f"POST /v1/media HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n"
            f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        assert raw.recv(4096).startswith(b"HTTP/1.1 100")
        server.process.send_signal(signal.SIGTERM)
        while is_listening(server.port):
            pass
        raw.sendall(body)
        with raw.makefile("rb") as stream:
            answer = stream.read().decode()
    assert answer.startswith("HTTP/1.1 200")
    server.process.wait(timeout=WAIT_S)
    with sqlite3.connect(home / "amparo.db") as database:
        ((media_id,),) = database.execute("SELECT id FROM media").fetchall()
    assert json.loads(answer.partition("\r\n\r\n")[2])["media_id"].replace("-", "") == media_id


def is_listening(port: int) -> bool:
    """Whether somebody listens: one who stops in this very moment resets what waits to be taken."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except (ConnectionRefusedError, ConnectionResetError):
        return False
    return True


def test_a_second_server_in_the_same_home_says_that_there_is_one(
    server: Server, home: Path, amparo: Run
) -> None:
    ended = amparo("serve", "--port", str(free_port()), env={"AMPARO_HOME": str(home)})
    assert ended.status == 2
    assert f"{home} is already being served, at http://127.0.0.1:{server.port}" in ended.err
    assert "AMPARO_HOME" in ended.err


def test_a_port_that_is_taken_is_named(
    server: Server, home: Path, amparo: Run, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copytree(home / "kernels", other / "kernels")
    ended = amparo("serve", "--port", str(server.port), env={"AMPARO_HOME": str(other)})
    assert ended.status == 2
    assert str(server.port) in ended.err


def test_several_processes_answer_and_one_that_is_killed_is_replaced(
    home: Path, socket_enabled: None
) -> None:
    port = free_port()
    process, said = start(home, "--port", str(port), "--workers", "2")
    try:
        (key,) = re.findall(r"amparo_\w+", "".join(said))
        serving = psutil.Process(process.pid).children()
        answering = [each for each in serving if "serve.worker" in " ".join(each.cmdline())]
        assert len(answering) == 2
        answering[0].kill()
        with httpx2.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {key}"},
            transport=httpx2.HTTPTransport(retries=3),
            timeout=60,
        ) as client:
            assert client.post("/v1/lists", json={"name": "known"}).status_code == 201
            body = {"signals": [{"algorithm": "md5", "value": "0" * 32}]}
            assert client.post("/v1/lists/known/signals", json=body).status_code == 201
            assert client.post("/v1/media", content=b"a note").json()["action"] == "allow"
        assert process.stderr is not None
        assert "another takes its place" in process.stderr.readline()
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_S)
    _, left = psutil.wait_procs(answering, timeout=WAIT_S)
    assert not left


def test_several_processes_count_together(home: Path, socket_enabled: None) -> None:
    port = free_port()
    process, said = start(home, "--port", str(port), "--workers", "2")
    try:
        (key,) = re.findall(r"amparo_\w+", "".join(said))
        headers = {"Authorization": f"Bearer {key}"}
        answered = set()
        for _ in range(40):  # each by a connection of its own, so that both processes answer
            with httpx2.Client(
                base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=WAIT_S
            ) as client:
                assert client.post("/v1/media", content=b"a note").status_code == 200
                told = client.get("/metrics").text
                answered.add(re.findall(r"^amparo_decisions_total.* ([0-9.]+)$", told, re.M)[0])
                assert "amparo_index_lag_revisions 0.0" in told
        assert sorted(map(float, answered)) == [float(each) for each in range(1, 41)]
    finally:
        process.terminate()
        process.communicate(timeout=WAIT_S)


def test_when_the_first_process_is_killed_the_others_end(home: Path, socket_enabled: None) -> None:
    process, _ = start(home, "--port", str(free_port()), "--workers", "2")
    answering = psutil.Process(process.pid).children()
    process.kill()
    process.communicate()
    _, left = psutil.wait_procs(answering, timeout=WAIT_S)
    assert not left
