"""SQLite files that are no database in use: looked at, checked, made one file, kept to oneself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Table, create_engine, text

from amparo.core.errors import Conflict, Invalid
from amparo.db.tables import Row

_VERSION = "alembic_version"


def counts(file: Path) -> dict[str, int]:
    """How many rows each of our tables has in an SQLite file; those that it lacks are left out."""
    with closing(opened_file(file)) as source:
        there = tables_of(source)
        return {
            name: int(source.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608 (names of ours)
            for name in sorted(Row.metadata.tables)
            if name in there
        }


def check(file: Path) -> None:
    """Raises Invalid where an SQLite file is damaged, or a row leads to one that is not there."""
    try:
        with closing(opened_file(file)) as source:
            said = source.execute("PRAGMA quick_check(1)").fetchone()[0]
            lost = source.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise Invalid(f"The database in it is damaged ({error}).") from error
    if said != "ok":
        raise Invalid(f"The database in it is damaged ({said}).")
    if lost is not None:
        raise Invalid(f"In the table {lost[0]} of its database a row leads to none.")


def version_in(file: Path) -> str | None:
    """The last migration of an SQLite file. Raises Invalid where it is no database of ours."""
    try:
        with closing(opened_file(file)) as source:
            if _VERSION not in tables_of(source):
                return None
            found: str = source.execute("SELECT version_num FROM alembic_version").fetchone()[0]
            return found
    except sqlite3.DatabaseError as error:
        raise Invalid(f"The database in it is damaged ({error}).") from error


@contextmanager
def reading_file(file: Path) -> Iterator[Connection]:
    """A reading of an SQLite file, of which not a byte is changed."""
    engine = create_engine(f"sqlite:///file:{quote(str(file.absolute()))}?mode=ro&uri=true")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def skip_numbers(work: Connection, table: str, many: int) -> None:
    """Have an SQLite table that counts up go on so much later."""
    work.execute(
        text("UPDATE sqlite_sequence SET seq = seq + :many WHERE name = :name"),
        {"many": many, "name": table},
    )


@contextmanager
def nobody_else(file: Path) -> Iterator[None]:
    """The SQLite file is one file, without a log beside it, and nobody may open it meanwhile.

    Raises Conflict where somebody has it open.
    """
    with closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise Conflict(
                f"Something has {file} open; stop `amparo serve` and whatever else uses it first."
            ) from error
        yield


def as_one_file(file: Path) -> None:
    """Without a log beside it."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()


def opened_file(file: Path) -> sqlite3.Connection:
    """To be read, and not a byte of it changed."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)


def tables_of(source: sqlite3.Connection) -> set[str]:
    """The names of all there are, indexes too."""
    return {name for (name,) in source.execute("SELECT name FROM sqlite_master")}


def names_of(table: Table) -> str:
    """Its columns in their order, as they stand in a statement."""
    return ", ".join(f'"{column.name}"' for column in table.columns)
