"""Every difference between SQLite and PostgreSQL, and nothing else."""

import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import psycopg
from psycopg import sql
from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection

from amparo.core.errors import Invalid, Unavailable
from amparo.db.own_file import make_own_file

WRITING = "amparo_writing"
"""The execution option of a transaction that changes something."""

DRIVER_ERRORS = (sqlite3.Error, psycopg.Error)
"""What the drivers raise where they are asked without SQLAlchemy."""

DRIVER_REFUSALS = (sqlite3.IntegrityError, psycopg.IntegrityError)
"""Of these, what says that a row may not be."""

_CHANNEL = "amparo_lists"
_LONGEST_WAIT_S = 30
_POLL_S = 0.001
_LOOK_S = 0.02
_MOST_CONNECTIONS = 48
"""The one used last is used next: those that only a rush needs keep no cache of their own warm."""

_BULK_CACHE_KIB = 64 * 1024
_PRAGMAS = (
    "synchronous = FULL",
    "foreign_keys = ON",
    "journal_size_limit = 67108864",
    "wal_autocheckpoint = 16000",  # only where nobody tidies
)


class Watch(Protocol):
    """Tells when somebody has changed the database."""

    def wait(self, timeout_s: float) -> bool:
        """Whether something may have changed, at once or within the time.

        Raises Unavailable while the database is away.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Dialect(Protocol):
    """What each of the two does in its own way."""

    def engine(self) -> Engine:
        """Connections, with the transactions that Amparo relies on."""

    def glancing(self, engine: Engine) -> Engine:
        """Connections on which each statement is by itself."""

    def tell(self, work: Connection) -> None:
        """Wake the watches of all hosts when `work` is committed."""

    def alone(self, work: Connection, lock: int) -> bool:
        """Whether nobody else does what `lock` stands for, until `work` has ended."""

    def in_turn(self, work: Connection, lock: int) -> None:
        """Wait until nobody else does what `lock` stands for; taken until `work` has ended."""

    def insert_many(
        self, work: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Insert rows as the driver takes them, faster than through SQLAlchemy."""

    def tidy(self, engine: Engine) -> None:
        """Do now, beside other work, what would hold up somebody's transaction later."""

    def watch(self) -> Watch:
        """A watch over this database."""


def dialect_of(url: str) -> Dialect:
    """The dialect that a URL names. Raises Invalid where Amparo knows none."""
    parsed = make_url(url)
    name = parsed.get_backend_name()
    if name == "sqlite" and parsed.database and parsed.database != ":memory:":
        return Sqlite(parsed)
    if name == "postgresql":
        return Postgres(parsed.set(drivername="postgresql+psycopg"))
    raise Invalid(
        "AMPARO_DATABASE_URL must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."
    )


def ask_driver(work: Connection, statement: str, values: Any) -> Any:
    """The driver's cursor on a statement in its own words, past SQLAlchemy."""
    raw: Any = work.connection.dbapi_connection
    if isinstance(raw, sqlite3.Connection):
        return _patiently(raw, statement, values)
    return raw.execute(statement, values)


def insert_new(
    work: Connection, table: Table, rows: Sequence[dict[str, Any]], returning: str
) -> set[Any]:
    """Insert rows, passing over those that a constraint says are there; a column of the new ones.

    Some hundred at a time: a statement takes only so many values.
    """
    if not rows:
        return set()
    insert = sqlite.insert if work.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).values(list(rows)).on_conflict_do_nothing()
    return set(work.execute(statement.returning(table.c[returning])).scalars())


class Sqlite:
    """One file, one writer at a time, readers that never wait."""

    def __init__(self, url: URL) -> None:
        assert url.database is not None
        self._url = url
        self._path = Path(url.database)

    def engine(self) -> Engine:
        """Write-ahead log, synchronised at each commit, foreign keys checked."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = create_engine(
            self._url,
            pool_size=_MOST_CONNECTIONS,
            pool_use_lifo=True,
            max_overflow=0,
            connect_args={"isolation_level": None, "timeout": 0, "check_same_thread": False},
        )
        event.listen(engine, "do_connect", self._make)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _make(self, *_: object) -> None:
        """SQLite would make the file, and its log after it, for everybody on the machine to read.

        What cannot be made is SQLite's to name.
        """
        with suppress(OSError):
            make_own_file(self._path)

    def glancing(self, engine: Engine) -> Engine:
        """They are by themselves where nobody says BEGIN."""
        return engine

    def tell(self, work: Connection) -> None:
        """Nothing to do: others see it by the number of the data's version."""

    def alone(self, work: Connection, lock: int) -> bool:
        """Whoever writes is alone."""
        return True

    def in_turn(self, work: Connection, lock: int) -> None:
        """Whoever writes has waited for that already."""

    def insert_many(
        self, work: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """By one statement that is prepared once."""
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 (names of ours)
        work.exec_driver_sql(f"PRAGMA cache_size = -{_BULK_CACHE_KIB}")
        work.exec_driver_sql(statement, [tuple(row) for row in rows])

    def tidy(self, engine: Engine) -> None:
        """Bring the log into the file; nobody waits for that."""
        with engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            assert isinstance(raw, sqlite3.Connection)
            raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def watch(self) -> Watch:
        """By PRAGMA data_version, which costs a few microseconds."""
        return _SqliteWatch(self._path)


def _set_up_sqlite(connection: DBAPIConnection, _: object) -> None:
    assert isinstance(connection, sqlite3.Connection)
    _patiently(connection, "PRAGMA journal_mode = WAL").fetchall()
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(work: Connection) -> None:
    """Take the only writer's place at once, or the snapshot that all of a reading sees."""
    raw = work.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    if work.get_execution_options().get(WRITING):
        _patiently(raw, "BEGIN IMMEDIATE")
    else:
        raw.execute("BEGIN")
        _patiently(raw, "SELECT 1 FROM sqlite_master").fetchall()


def _patiently(
    connection: sqlite3.Connection, statement: str, values: Sequence[Any] = ()
) -> sqlite3.Cursor:
    """Wait for others a millisecond at a time; SQLite itself would let a writer wait 100."""
    until = time.monotonic() + _LONGEST_WAIT_S
    while True:
        try:
            return connection.execute(statement, values)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_POLL_S)


class _SqliteWatch:
    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._seen = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def wait(self, timeout_s: float) -> bool:
        until = time.monotonic() + timeout_s
        while True:
            try:
                (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            except sqlite3.Error as error:
                raise Unavailable(f"The database cannot be read ({error}).") from error
            if version != self._seen:
                self._seen = version
                return True
            if time.monotonic() >= until:
                return False
            time.sleep(_LOOK_S)


class Postgres:
    """A server, any number of writers."""

    def __init__(self, url: URL) -> None:
        self._url = url

    def engine(self) -> Engine:
        """READ COMMITTED to write, one snapshot to read."""
        return create_engine(
            self._url,
            pool_size=_MOST_CONNECTIONS // 2,
            pool_use_lifo=True,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, "fallback_application_name": "amparo"},
        )

    def glancing(self, engine: Engine) -> Engine:
        """Without a BEGIN and a ROLLBACK for each."""
        return engine.execution_options(isolation_level="AUTOCOMMIT")

    def tell(self, work: Connection) -> None:
        """By NOTIFY, which arrives when and if the transaction is committed."""
        work.execute(text(f"NOTIFY {_CHANNEL}"))

    def alone(self, work: Connection, lock: int) -> bool:
        """By an advisory lock."""
        return bool(work.execute(select(func.pg_try_advisory_xact_lock(lock))).scalar_one())

    def in_turn(self, work: Connection, lock: int) -> None:
        """By an advisory lock."""
        work.execute(select(func.pg_advisory_xact_lock(lock)))

    def insert_many(
        self, work: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """By COPY."""
        raw = work.connection.dbapi_connection
        assert isinstance(raw, psycopg.Connection)
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def tidy(self, engine: Engine) -> None:
        """Nothing to do: the server has its own processes for that."""

    def watch(self) -> Watch:
        """By LISTEN."""
        return _PostgresWatch(self._url)


class _PostgresWatch:
    def __init__(self, url: URL) -> None:
        # As SQLAlchemy connects: a URL written out again is not what libpq reads.
        _, given = url.get_dialect()().create_connect_args(url)
        self._parameters: dict[str, Any] = {
            "connect_timeout": 5, "fallback_application_name": "amparo", **given,
            "autocommit": True,
        }  # fmt: skip
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def wait(self, timeout_s: float) -> bool:
        """What happened before the first call, or while nobody listened, counts as a change."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(**self._parameters)
                self._connection.execute(f"LISTEN {_CHANNEL}")
                return True
            return any(True for _ in self._connection.notifies(timeout=timeout_s, stop_after=1))
        except psycopg.Error as error:
            self._close()
            raise Unavailable(f"The database is away ({type(error).__name__}).") from error

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
