"""Which version's tables a database has, told without loading what would change them."""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from amparo.core.errors import Unavailable
from amparo.db.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def check_version(database: Database) -> None:
    """Raises Unavailable where the tables are older or newer than this version's."""
    with database.reading() as work:
        present = version_of(work)
    if present == newest():
        return
    if present is None or is_known(present):
        raise Unavailable(
            "The database is not at this version's tables; run `amparo db upgrade`.",
            code="database.outdated",
        )
    raise Unavailable(
        f"The database is at {present!r}, which a newer version of Amparo has made; "
        "install that version.",
        code="database.newer",
    )


def newest() -> str:
    """This version's last migration."""
    return _known()[-1]


def is_known(version: str) -> bool:
    """Whether this version of Amparo has the migration."""
    return version in _known()


def version_of(work: Connection) -> str | None:
    """The last migration that was run; None where there was none."""
    if not inspect(work).has_table("alembic_version"):
        return None
    found: str | None = work.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


@cache
def _known() -> tuple[str, ...]:
    """A migration's file begins with its number, in which they follow each other."""
    files = (MIGRATIONS / "versions").glob("[0-9]*.py")
    return tuple(sorted(each.name.partition("_")[0] for each in files))
