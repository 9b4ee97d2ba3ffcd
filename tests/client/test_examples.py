"""The examples are run as their users run them, before an Amparo that is there, and that is not."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from amparo.db import Database
from amparo.detect.media.sandbox import Sandbox
from amparo.testing.hostile import encoded, photograph_like
from tests.interfaces.conftest import serving_platform
from tests.interfaces.test_media import pdq_of

EXAMPLES = Path(__file__).parents[2] / "examples"
STARTED = {"fastapi_upload": "Uvicorn running on", "django_upload": "Starting development server"}
WAIT_S = 60

KNOWN = encoded(photograph_like(), "PNG")
COPY = encoded(photograph_like(), "JPEG", quality=60)
UNKNOWN = encoded(photograph_like(seed=7), "JPEG")


def free_port() -> int:
    with socket.socket(socket.AF_INET) as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


@contextmanager
def running(example: str, **environment: str) -> Iterator[str]:
    """The address of an example's form, once it listens."""
    port = str(free_port())
    process = subprocess.Popen(
        [sys.executable, "-u", EXAMPLES / f"{example}.py"],
        env=os.environ | {"PORT": port} | environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    late = threading.Timer(WAIT_S, process.kill)
    reading = threading.Thread(target=process.stdout.read)
    late.start()
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if STARTED[example] in line:
                break
        else:
            raise AssertionError("".join(said))
        # What is said from now on is read, so that nothing waits for it.
        reading.start()
        yield f"http://127.0.0.1:{port}/pictures"
    finally:
        late.cancel()
        process.kill()
        process.wait()
        if reading.ident is not None:
            reading.join()
        process.stdout.close()


def upload(form: str, file: bytes) -> httpx2.Response:
    """As a browser does; a server that has just said that it starts may need a moment."""
    with httpx2.Client(
        transport=httpx2.HTTPTransport(retries=5), timeout=WAIT_S, trust_env=False
    ) as browser:
        return browser.post(form, files={"file": ("picture.jpg", file)})


@pytest.mark.parametrize("example", sorted(STARTED))
def test_an_example_holds_what_is_known_and_takes_what_is_not(
    example: str, database: Database, database_url: str, tmp_path: Path, sandbox: Sandbox
) -> None:
    serving = serving_platform(database_url, tmp_path, sandbox)
    with ExitStack() as stack:
        stack.callback(list, serving)  # it ends however the test does
        platform = next(serving)
        platform.make_list()
        platform.add(pdq_of(KNOWN))
        where = {"AMPARO_URL": str(platform.http.base_url), "AMPARO_KEY": platform.key}
        form = stack.enter_context(running(example, **where))
        held = upload(form, COPY)
        assert (held.status_code, held.json()) == (422, {"detail": "This file cannot be taken."})
        taken = upload(form, UNKNOWN)
        assert taken.status_code == 201, taken.text
        said = taken.json()
        assert (said["name"], said["bytes"]) == ("picture.jpg", len(UNKNOWN))
        decided = platform.http.get("/v1/decisions").json()["decisions"]
        assert [each["action"] for each in decided] == ["allow", "hold"]
        assert decided[0]["media_id"] == said["media_id"]
        assert not list(serving), "it has ended"
        refused = upload(form, UNKNOWN)
        assert refused.status_code == 503
        assert "Try again later" in refused.json()["detail"]
