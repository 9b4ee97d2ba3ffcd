"""An object store of a test's own: moto behind a front that counts what is read and can refuse."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

EXPIRED = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>ExpiredToken</Code>'
    b"<Message>The provided token has expired.</Message></Error>"
)
DENIED = EXPIRED.replace(b"ExpiredToken", b"AccessDenied")

Start = Callable[[str, list[tuple[str, str]]], None]


class Store:
    """An S3 with one bucket, `archive`, and one for catalogues, `catalogues`."""

    def __init__(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server

        self.gets: Counter[str] = Counter()
        self.expires_after: int | None = None
        """How many objects of the archive can be read until the credentials expire."""
        self.denied: set[str] = set()
        self.before_get: Callable[[str], None] = lambda _: None
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] == "GET" and path.startswith("/archive/") and len(path) > 9:
            key = path.removeprefix("/archive/")
            if self.expires_after is not None and self.gets.total() >= self.expires_after:
                return _refuse(start, "400 Bad Request", EXPIRED)
            if key in self.denied:
                return _refuse(start, "403 Forbidden", DENIED)
            self.before_get(key)
            self.gets[key] += 1
        answer: Iterable[bytes] = self._app(environ, start)
        return answer

    def client(self) -> Any:
        """boto3's."""
        import boto3

        return boto3.client(
            "s3", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="test",
            aws_secret_access_key="test",
        )  # fmt: skip

    def put(self, key: str, data: bytes) -> None:
        self.client().put_object(Bucket="archive", Key=key, Body=data)


def _refuse(start: Start, status: str, body: bytes) -> list[bytes]:
    start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def store(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store that the environment names."""
    import moto.backends

    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    made = Store()
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    for bucket in ("archive", "catalogues"):
        made.client().create_bucket(Bucket=bucket)
    yield made
    moto.backends.get_backend("s3").reset()
    made.close()


def rows_of(catalogue: Path) -> list[dict[str, Any]]:
    """All rows of a catalogue in a folder, as any reader of Parquet has them."""
    import pyarrow.parquet as pq

    return [
        row
        for part in sorted((catalogue / "parts").glob("*.parquet"))
        for row in pq.read_table(part).to_pylist()
    ]
