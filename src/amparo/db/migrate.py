"""Bring a database to the tables that this version of Amparo knows."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from amparo.db.database import Database
from amparo.db.tables import Row
from amparo.db.version import MIGRATIONS

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


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
