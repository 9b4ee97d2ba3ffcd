"""`amparo api`: answers on a further host, for an installation that `amparo serve` looks after."""

import click

from amparo.core.settings import settings
from amparo.programs.serve.command import HOST, PORT, WORKERS


@click.command()
@HOST
@PORT
@WORKERS
def command(host: str, port: int, workers: int) -> None:
    """Serve the API on a further host, from the PostgreSQL that AMPARO_DATABASE_URL names.

    It follows the lists and decides as `amparo serve` does. It makes no keys, upgrades nothing and
    seals no audit trail, so that the audit key need not be on this host.

    \b
    Example:
      AMPARO_DATABASE_URL=postgresql://amparo:…@db/amparo amparo api --host 0.0.0.0 --workers 8
    """
    from amparo.app.compiled import keep_kernels_in

    keep_kernels_in(settings().home)  # what is imported next imports kernels
    from amparo.programs.serve.host import followed
    from amparo.programs.serve.run import Where, run

    run(settings(), Where(host, port, workers), click.echo, followed)
