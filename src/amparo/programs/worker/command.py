"""`amparo worker`: deliveries are seen to on a further host too."""

import click

from amparo.core.errors import Conflict
from amparo.core.settings import settings

_LOOK_S = 1.0


@click.command()
def command() -> None:
    """See to durable work, such as deliveries to webhooks, until a signal comes.

    `amparo serve` does so by itself; further workers share the work with it, and take over what it
    leaves when it dies. They need the same PostgreSQL (AMPARO_DATABASE_URL) and access key.

    \b
    Example:
      AMPARO_DATABASE_URL=postgresql://amparo:…@db/amparo amparo worker
    """
    import threading

    from amparo.access.installation import KeyName
    from amparo.app.compiled import keep_kernels_in

    keep_kernels_in(settings().home)  # what is imported next may import kernels
    from amparo.app.kept_keys import require_same_keys
    from amparo.app.workflows import durable_work
    from amparo.core.clock import SystemClock
    from amparo.interfaces.cli.database import opened
    from amparo.programs.serve.ending import Ending
    from amparo.programs.serve.logs import set_up_logs
    from amparo.programs.serve.memory import give_memory_back

    give_memory_back()
    set_up_logs()
    with Ending() as ending, opened() as database:
        if database.engine.dialect.name == "sqlite":
            raise Conflict(
                "Further workers need PostgreSQL (AMPARO_DATABASE_URL); with SQLite `amparo serve` "
                "sees to everything."
            )
        require_same_keys(settings(), database, (KeyName.ACCESS,))
        with durable_work(database, settings(), SystemClock()):
            ending.check()
            click.echo("At work; Ctrl-C ends it.")
            while not threading.Event().wait(_LOOK_S):
                ending.check()  # a signal may have struck where nothing can be raised
