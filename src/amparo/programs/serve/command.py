"""`amparo serve`: a URL and a first key, and uploads are decided."""

import click

from amparo.core.settings import settings

HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
PORT = click.option("--port", default=8080, show_default=True, help="Port to listen on.")
WORKERS = click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True,
    help="Processes that answer; they share one index.",
)  # fmt: skip


@click.command()
@HOST
@PORT
@WORKERS
def command(host: str, port: int, workers: int) -> None:
    """Serve the API: uploads in, decisions out, on record.

    The first start makes the database, the vault's key and a first service key, which is shown
    once. SQLite is upgraded by itself; PostgreSQL by `amparo db upgrade`.

    \b
    Example:
      amparo serve
      amparo serve --workers 4
      AMPARO_DATABASE_URL=postgresql://amparo:…@db/amparo amparo serve --host 0.0.0.0
    """
    from amparo.app.compiled import keep_kernels_in

    keep_kernels_in(settings().home)  # what is imported next imports kernels
    from amparo.programs.serve.host import looked_after
    from amparo.programs.serve.run import Where, run

    run(settings(), Where(host, port, workers), click.echo, looked_after)
