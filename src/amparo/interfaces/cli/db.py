"""`amparo db`: the tables of the database."""

import click

from amparo.core.settings import settings
from amparo.interfaces.cli.options import announce, leave


@click.group("db", short_help="Bring the database to this version's tables.")
def command() -> None:
    """Look after the database that AMPARO_DATABASE_URL names.

    \b
    Example:
      amparo db upgrade
    """


@command.command("upgrade")
def upgrade() -> None:
    """Bring the database to this version's tables, all or nothing; forward only.

    Serving processes of the version before go on meanwhile.

    \b
    Example:
      AMPARO_DATABASE_URL=postgresql://amparo@db/amparo amparo db upgrade
    """
    from amparo.db import Database
    from amparo.db.migrate import upgrade as bring_up
    from amparo.db.version import version_of

    with Database(settings().database) as database:
        with database.reading() as work:
            before = version_of(work)
        bring_up(database)
        with database.reading() as work:
            after = version_of(work)
    announce(f"The database is at {after}." if before == after else f"From {before} to {after}.")
    leave(0)


@command.command("forget-key")
@click.argument("name", type=click.Choice(["vault", "access", "audit"]))
def forget(name: str) -> None:
    """Go on without a key that is lost for ever: the next `amparo serve` takes or makes another.

    What it opened stays closed. This is in the audit trail.

    \b
    Example:
      amparo db forget-key vault
    """
    from amparo.access.installation import KeyName
    from amparo.app.kept_keys import OPENS, forget_key
    from amparo.core.clock import SystemClock
    from amparo.interfaces.cli.database import login, opened

    lost = KeyName(name)
    with opened() as database:
        forget_key(database, lost, f"operator:{login()}", SystemClock())
    announce(f"Forgotten. Unless it comes back, {OPENS[lost]} cannot be used any more.")
    leave(0)
