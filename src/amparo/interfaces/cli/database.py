"""What the commands that act on the database share: opening it, whom for, and in whose name."""

import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from amparo.core.errors import Conflict, NotFound
from amparo.core.settings import settings

if TYPE_CHECKING:
    from amparo.access.model import Actor
    from amparo.db import Database

F = TypeVar("F", bound=Callable[..., object])


def organisation_option(function: F) -> F:
    """`--organisation`, which is needed only where there are several."""
    return click.option(
        "--organisation", metavar="NAME", help="Whose, where there are several organisations."
    )(function)


@contextmanager
def opened() -> "Iterator[Database]":
    """The database that the settings name, at this version's tables. Raises Unavailable.

    Where there is no file of SQLite's yet, opening it would make one: that is the service's to do.
    """
    from amparo.db import Database
    from amparo.db.version import check_version

    if (file := missing_file()) is not None:
        raise NotFound(
            f"There is no database {file} yet: `amparo serve` begins one. Where there should be "
            "one, look at AMPARO_HOME and AMPARO_DATABASE_URL."
        )
    with Database(settings().database) as database:
        check_version(database)
        yield database


def missing_file() -> Path | None:
    """The file of SQLite's that the settings name, where it is not there."""
    from sqlalchemy.engine import make_url

    url = make_url(settings().database)
    if url.get_backend_name() != "sqlite" or not url.database or Path(url.database).exists():
        return None
    return Path(url.database)


def operator(database: "Database", organisation: str | None) -> "Actor":
    """Whoever types this, with every scope. Raises NotFound, Conflict where it must be named."""
    from amparo.access.keys import organisations
    from amparo.access.model import Actor, Scope

    with database.reading() as work:
        known = organisations(work)
    if organisation is None and len(known) != 1:
        names = ", ".join(known) or "none; `amparo serve` makes the first"
        raise Conflict(f"Say whose with --organisation; there are {names}.")
    name = organisation or next(iter(known))
    if name not in known:
        raise NotFound(f"There is no organisation {name!r}; there are {', '.join(known)}.")
    return Actor(known[name], f"operator:{login()}", frozenset(Scope))


def login() -> str:
    """The name of the account, or its number where it has none; whatever the environment says."""
    account = os.getuid()
    try:
        return pwd.getpwuid(account).pw_name
    except KeyError:
        return str(account)
