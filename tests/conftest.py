"""What all tests share: compiled kernels, one sandbox, a way to run the command."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from amparo.app.compiled import ensure_compiled
from amparo.core.settings import Settings, settings
from tests.databases import (  # noqa: F401 (fixtures)
    database,
    database_url,
    organisation,
    own_postgres,
    postgres_url,
    postgres_with_tables,
    sqlite_with_tables,
)
from tests.stores import store  # noqa: F401 (a fixture)

# Before any test module imports a kernel.
ensure_compiled(settings().home, print)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def amparo(tmp_path: Path) -> Run:
    """Runs the command `amparo` in a folder of its own, and fails on any traceback."""

    def run(*arguments: str | Path, **options: object) -> Ended:
        environment = os.environ | {"COLUMNS": "100"} | options.pop("env", {})
        ended = subprocess.run(
            [sys.executable, "-m", "amparo", *arguments],
            cwd=options.pop("cwd", tmp_path),
            env=environment,
            capture_output=True,
            text=True,
            timeout=options.pop("timeout", 120),
            **options,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture(scope="session")
def sandbox() -> Iterator[object]:
    """A sandbox of two processes with small limits, shared by all tests of a run."""
    from amparo.app.sandbox import PRELOAD, limits_of
    from amparo.detect.media.sandbox import Sandbox

    chosen = small_settings()
    preload = (*PRELOAD, "amparo.testing.faulty")
    with Sandbox(limits_of(chosen), processes=2, preload=preload) as opened:
        yield opened


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On SQLite all is tried each time, on PostgreSQL one case of each test over HTTP.

    Of a journey's file it is one test. All others are slow ones. What one database may do otherwise
    than the other is held in tests/contract, case by case on both.
    """
    seen: set[str] = set()
    for item in items:
        if "[" not in item.nodeid or "postgres" not in item.nodeid.partition("[")[2]:
            continue
        where = item.path.parent.name
        if where in ("interfaces", "client", "journeys"):
            tried = item.path.name if where == "journeys" else item.nodeid.partition("[")[0]
            if tried in seen:
                item.add_marker(pytest.mark.slow)
            seen.add(tried)


def small_settings() -> Settings:
    """Limits that a test can run into quickly."""
    return settings().model_copy(
        update={"processes": 2, "item_seconds": 2, "item_memory_bytes": 400 * 1024 * 1024}
    )
