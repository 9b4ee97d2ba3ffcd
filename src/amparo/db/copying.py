"""Copy a whole database into an SQLite file and back, whichever of the two it is.

What is different between SQLite and PostgreSQL stands here where it is about whole databases, and
in `dialects.py` otherwise.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    Table,
    TypeDecorator,
    Uuid,
    text,
)
from sqlalchemy import DateTime as Moment
from sqlalchemy import String as Words
from sqlalchemy.engine import make_url
from sqlalchemy.schema import AddConstraint, DropConstraint

from amparo.core.errors import Conflict, Invalid, Unavailable
from amparo.db.database import Database
from amparo.db.migrate import upgrade
from amparo.db.own_file import make_own_file
from amparo.db.sqlite_files import as_one_file, counts, names_of, opened_file, tables_of
from amparo.db.tables import Row

Advance = Callable[[float], None]
"""Is told the share that is done."""

_ROWS_AT_A_TIME = 5000
_STEPS = 200_000
"""Of SQLite's machine between two looks at how far it is."""

_CACHE_KIB = 128 * 1024


def copy_out(database: Database, file: Path, advance: Advance) -> None:
    """One state of everything into a new SQLite file, while others write. Raises Unavailable.

    What was deleted is not in it: the file is written row by row, and has no free pages.
    """
    make_own_file(file)
    if database.engine.dialect.name == "sqlite":
        _vacuum_into(sqlite_file(database), file, advance)
    else:
        _copy_from_postgres(database, file, advance)


def copy_in(work: Connection, file: Path, advance: Advance) -> None:
    """The rows of such a file at this version's tables into PostgreSQL's, which are emptied first.

    A part of `work`; what it gave out as numbers goes on from where it was.
    """
    raw = _psycopg(work)
    with _told(), _made_afterwards(work):
        _fill(raw, file, advance)


@contextmanager
def _made_afterwards(work: Connection) -> Iterator[None]:
    """Indexes and the checks of where rows lead, over all rows at once: far faster than by row."""
    tables = Row.metadata.sorted_tables
    keys = [each for table in tables for each in table.foreign_key_constraints]
    indexes = [each for table in tables for each in table.indexes]
    for key in keys:
        work.execute(DropConstraint(key))
    for index in indexes:
        index.drop(work)
    yield
    for index in indexes:
        index.create(work)
    for key in keys:
        work.execute(AddConstraint(key))
    for table in tables:  # or PostgreSQL plans as if all were empty, until it has looked by itself
        work.execute(text(f'ANALYZE "{table.name}"'))


def _fill(raw: Any, file: Path, advance: Advance) -> None:
    tables = Row.metadata.sorted_tables
    names = sql.SQL(", ").join(sql.Identifier(table.name) for table in tables)
    raw.execute("SET LOCAL TIME ZONE 'UTC'")
    raw.execute(sql.SQL("TRUNCATE {}").format(names))
    with closing(opened_file(file)) as source:
        expected, done = sum(counts(file).values()) or 1, 0
        for table in tables:
            for rows in _pages(source, table):
                _put(raw, table, rows)
                done += len(rows)
                advance(done / expected)
        for name, last in _given(source):
            if name in Row.metadata.tables:
                _go_on_from(raw, Row.metadata.tables[name], last)


def size_bytes(database: Database) -> int:
    """About how much a copy of it takes."""
    if database.engine.dialect.name == "sqlite":
        return sqlite_file(database).stat().st_size
    with database.reading() as work:
        return int(work.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def sqlite_file(database: Database) -> Path:
    """The file of a database that is one."""
    return Path(make_url(database.engine.url).database or "")


def require_nobody_else(work: Connection) -> None:
    """Raises Conflict where another process of ours is connected to the same PostgreSQL."""
    others = work.execute(
        text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND application_name = current_setting('application_name')"
        )
    ).scalar_one()
    if others:
        raise Conflict(
            f"{others} connections of Amparo to this database are open; stop `amparo serve`, "
            "`amparo api` and `amparo worker` on all hosts first."
        )


def _vacuum_into(source: Path, file: Path, advance: Advance) -> None:
    """A reader beside others: in the write-ahead log nobody waits for it."""
    expected = source.stat().st_size or 1

    def look() -> int:
        advance(min(1.0, file.stat().st_size / expected) if file.exists() else 0.0)
        return 0

    with closing(sqlite3.connect(source, isolation_level=None, timeout=30)) as connection:
        connection.set_progress_handler(look, _STEPS)
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        with _told():
            connection.execute("VACUUM INTO ?", (str(file),))
    as_one_file(file)


def _copy_from_postgres(database: Database, file: Path, advance: Advance) -> None:
    with Database(f"sqlite:///{file}") as made:
        upgrade(made)
    as_one_file(file)
    with (
        database.reading() as work,
        closing(sqlite3.connect(file, isolation_level=None)) as target,
        _told(),
    ):
        for pragma in ("synchronous = OFF", "journal_mode = OFF", f"cache_size = -{_CACHE_KIB}"):
            target.execute(f"PRAGMA {pragma}").fetchall()
        target.execute("BEGIN")
        tables = Row.metadata.sorted_tables
        indexes = target.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indexes:  # made at once at the end, which is faster than by row
            target.execute(f'DROP INDEX "{name}"')
        for number, table in enumerate(tables, 1):
            target.execute(f'DELETE FROM "{table.name}"')  # noqa: S608 (a name of ours)
            marks = ", ".join("?" * len(table.columns))
            target.executemany(
                f'INSERT INTO "{table.name}" ({names_of(table)}) VALUES ({marks})',  # noqa: S608 (names of ours)
                _rows_of_postgres(_psycopg(work), table),
            )
            advance(number / len(tables))
        for table in tables:
            _keep_given(_psycopg(work), table, target)
        for _, made in indexes:
            target.execute(made)
        target.execute("COMMIT")
        target.execute("PRAGMA journal_mode = DELETE").fetchall()


def _rows_of_postgres(raw: Any, table: Table) -> Iterator[Sequence[Any]]:
    """As SQLAlchemy would have written them to SQLite."""
    statement = sql.SQL("SELECT {} FROM {}").format(
        sql.SQL(", ").join(_as_in_sqlite(column) for column in table.columns),
        sql.Identifier(table.name),
    )
    # A cursor of the server's: COPY is faster there, and psycopg's reading of it far slower here.
    with raw.cursor(name="copying", binary=True) as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(_ROWS_AT_A_TIME):
            yield from rows


def _as_in_sqlite(column: Column[Any]) -> sql.Composed:
    """What to ask for."""
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    for some, shape in _SHAPES:
        if isinstance(kind, some):
            return sql.SQL(shape).format(sql.Identifier(column.name))
    raise Invalid(f"No backup is known of a column of the kind {kind!r}; db/copying.py must say.")


_SHAPES: tuple[tuple[type | tuple[type, ...], LiteralString], ...] = (
    (Uuid, "replace({}::text, '-', '')"),
    (Moment, "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"),
    (LargeBinary, "{}"),
    (Boolean, "{}::int4"),
    (Integer, "{}::int8"),
    (Float, "{}::float8"),
    ((Words, JSON), "{}::text"),
)


def _put(raw: Any, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    columns = sql.SQL(", ").join(sql.Identifier(each.name) for each in table.columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), columns)
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.DataError as error:
        raise Invalid(
            f"PostgreSQL does not take a row of {table.name} ({type(error).__name__}); nothing was "
            "restored. Restore onto SQLite, and mend it there."
        ) from error


def _pages(source: sqlite3.Connection, table: Table) -> Iterator[list[Any]]:
    cursor = source.execute(f'SELECT {names_of(table)} FROM "{table.name}"')  # noqa: S608 (names of ours)
    while rows := cursor.fetchmany(_ROWS_AT_A_TIME):
        yield rows


def _given(source: sqlite3.Connection) -> list[tuple[str, int]]:
    """The last number that each table which counts up has given."""
    if "sqlite_sequence" not in tables_of(source):
        return []
    return source.execute("SELECT name, seq FROM sqlite_sequence").fetchall()


def _go_on_from(raw: Any, table: Table, last: int) -> None:
    """A number that was ever given is not given again."""
    (column,) = table.primary_key.columns
    if last > 0:
        raw.execute(
            "SELECT setval(pg_get_serial_sequence(%s, %s), %s)", (table.name, column.name, last)
        )


def _keep_given(raw: Any, table: Table, target: sqlite3.Connection) -> None:
    if not table.dialect_options["sqlite"].get("autoincrement"):
        return
    (column,) = table.primary_key.columns
    (sequence,) = raw.execute(
        "SELECT pg_get_serial_sequence(%s, %s)", (table.name, column.name)
    ).fetchone()
    (last,) = raw.execute(
        sql.SQL("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {}").format(
            sql.SQL(sequence)
        )
    ).fetchone()
    target.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
    target.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table.name, last))


def _psycopg(work: Connection) -> Any:
    raw = work.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    return raw


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise Unavailable(
            f"The database cannot be copied ({error}); nothing was changed. Look for room on the "
            "disk, and at the disk itself."
        ) from error
    except psycopg.Error as error:
        raise Unavailable(
            f"PostgreSQL does not answer as it should ({type(error).__name__}); nothing was "
            "changed."
        ) from error
