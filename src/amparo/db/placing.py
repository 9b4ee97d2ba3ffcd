"""Put a database that was made in a file in the place of the one that a URL names."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import Connection, select, text
from sqlalchemy.engine import make_url

from amparo.core.errors import Conflict, Unavailable
from amparo.db.copying import Advance, copy_in, require_nobody_else
from amparo.db.database import Database
from amparo.db.migrate import upgrade_within
from amparo.db.sqlite_files import counts, nobody_else
from amparo.db.tables import Row
from amparo.db.version import check_version, version_of

_MADE_WITH_TABLES = ("installation", "alembic_version")
"""What an empty database has rows in, too."""

_BESIDE = ("-wal", "-shm", "-journal")


class NotEmpty(Conflict):
    """There is a database already where one was to be put."""


def file_for(url: str, home: Path) -> Path:
    """Where to make it, so that it can be put in place."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return Path(f"{parsed.database}.restoring")
    return home / "amparo.db.restoring"


@contextmanager
def reserved(url: str, *, replace: bool) -> Iterator[None]:
    """Nobody uses what is there now. Raises Conflict where somebody does, NotEmpty."""
    if make_url(url).get_backend_name() == "sqlite":
        with _reserved_file(url, replace=replace):
            yield
    else:
        with Database(url) as database, database.reading() as work:
            # First: whoever has named another's by mistake must not be told to stop its service.
            _require_empty(url, holds_rows=_holds_rows(work), replace=replace)
            require_nobody_else(work)
        yield


def place(url: str, made: Path, kept_as: str, *, replace: bool, advance: Advance) -> Path | None:
    """Put it there; where what was there is kept, if it is. Raises Conflict, NotEmpty, Unavailable.

    `made` is at this version's tables, and gone afterwards.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _place_file(Path(parsed.database or ""), made, kept_as)
    _place_rows(url, made, replace=replace, advance=advance)
    made.unlink()
    return None


def _reserved_file(url: str, *, replace: bool) -> AbstractContextManager[None]:
    target = Path(make_url(url).database or "")
    if not target.exists():
        return nullcontext()
    try:
        with closing(sqlite3.connect(target)) as there:
            is_empty = not any(
                there.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchall()  # noqa: S608 (its own names)
                for (name,) in there.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                if name not in _MADE_WITH_TABLES and not name.startswith("sqlite_")
            )
    except sqlite3.OperationalError as error:
        raise Unavailable(f"{target} cannot be opened ({error}).") from error
    except sqlite3.DatabaseError:  # damaged: nobody serves from it
        _require_empty(url, holds_rows=True, replace=replace)
        return nullcontext()
    _require_empty(url, holds_rows=not is_empty, replace=replace)
    return nobody_else(target)


def _place_file(target: Path, made: Path, kept_as: str) -> Path | None:
    if not target.exists():
        try:
            os.link(made, target)  # fails where there is one by now, as a rename would not
        except FileExistsError as error:
            raise Conflict(f"{target} was made meanwhile; stop what uses it first.") from error
        made.unlink()
        return None
    kept = target.with_name(f"{target.name}.{kept_as}")
    try:
        os.link(target, kept)  # so that at no time there is no database
    except PermissionError:  # a file system without links
        os.rename(target, kept)
    for end in _BESIDE:
        if Path(f"{target}{end}").exists():
            os.rename(f"{target}{end}", f"{kept}{end}")
    os.replace(made, target)
    return kept


def _place_rows(url: str, made: Path, *, replace: bool, advance: Advance) -> None:
    with Database(url) as database, database.work() as work:
        require_nobody_else(work)
        if version_of(work) is not None:
            _require_no_newer(database)
        upgrade_within(work, database)
        _require_empty(url, holds_rows=_holds_rows(work), replace=replace)
        copy_in(work, made, advance)
        _require_all(work, made)
        # Durable work of another past; DBOS makes its tables when it is needed.
        work.execute(text("DROP SCHEMA IF EXISTS dbos CASCADE"))
        database.tell(work)


def _require_no_newer(database: Database) -> None:
    try:
        check_version(database)
    except Unavailable as error:
        if error.code != "database.outdated":
            raise


def _holds_rows(work: Connection) -> bool:
    if version_of(work) is None:
        return False
    there = set(work.execute(text("SELECT tablename FROM pg_tables")).scalars())
    return any(
        work.execute(select(1).select_from(table).limit(1)).all()
        for table in Row.metadata.sorted_tables
        if table.name in there and table.name not in _MADE_WITH_TABLES
    )


def _require_empty(url: str, *, holds_rows: bool, replace: bool) -> None:
    if holds_rows and not replace:
        raise NotEmpty(f"The database {_shown(url)} is not empty.")


def _shown(url: str) -> str:
    """The URL without passwords, which may stand among its options too."""
    parsed = make_url(url)
    options = {name: value for name, value in parsed.query.items() if "password" not in name}
    return parsed.set(query=options).render_as_string(hide_password=True)


def _require_all(work: Connection, made: Path) -> None:
    for name, wanted in counts(made).items():
        found = work.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()  # noqa: S608 (a name of ours)
        if found != wanted:
            raise Unavailable(f"Of {wanted} rows of {name}, PostgreSQL has {found}; try again.")
