"""Bring a database to the tables that this version of Amparo knows."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from amparo.core.errors import Unavailable
from amparo.db.database import Database
from amparo.db.tables import Row

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x414D5041_02  # one upgrade of a database at a time, whatever its hosts


def upgrade(database: Database) -> None:
    """Run the migrations that it lacks, all or none. Raises Unavailable."""
    with database.work() as work:
        upgrade_within(work, database)


def upgrade_within(work: Connection, database: Database) -> None:
    """The same as part of `work`; where nothing else of it lasts, this does not either."""
    database.in_turn(work, _LOCK)
    config = _config()
    config.attributes["connection"] = work
    config.attributes["metadata"] = Row.metadata
    command.upgrade(config, "head")


def check_version(database: Database) -> None:
    """Raises Unavailable where the tables are older or newer than this version's."""
    with database.reading() as work:
        present = version_of(work)
    wanted = ScriptDirectory.from_config(_config()).get_current_head()
    if present == wanted:
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


def is_known(version: str) -> bool:
    """Whether this version of Amparo has the migration."""
    scripts = ScriptDirectory.from_config(_config())
    return version in {each.revision for each in scripts.walk_revisions()}


def version_of(work: Connection) -> str | None:
    """The last migration that was run; None where there was none."""
    return MigrationContext.configure(work).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
