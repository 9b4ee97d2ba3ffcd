"""`amparo backup`: all that an installation knows, in a folder, while it goes on."""

import json
import os
from pathlib import Path

import click

from amparo.core.settings import settings
from amparo.interfaces.cli.options import announce, leave
from amparo.interfaces.cli.progress import share_bar

_LESS_URGENT = 10


@click.command("backup", short_help="Take along all that this installation knows.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--to", "to", multiple=True, metavar="AGE1…",
    help="Encrypt every file of it to this age key; may be given again.",
)  # fmt: skip
@click.option("--without-held", is_flag=True, help="Leave the held uploads out.")
def command(folder: Path, to: tuple[str, ...], without_held: bool) -> None:
    """Write a backup into FOLDER, which is made: database, settings, held uploads; never a key.

    The service goes on meanwhile, and the backup is of one moment. Whatever becomes of it, FOLDER
    is there when all of it is.

    \b
    Exit status: 0, or 1 where the backup is complete but for held uploads that it names.

    \b
    Example:
      amparo backup /mnt/backups/2026-11-25
      amparo backup /mnt/offsite/2026-11-25 --to age1…
    """
    from amparo.app.backup import write_backup
    from amparo.app.backup.age_keys import recipients_of
    from amparo.core.clock import SystemClock
    from amparo.interfaces.cli.database import login, opened

    recipients = recipients_of(to)
    os.nice(_LESS_URGENT)  # whoever waits for an answer comes first
    with opened() as database, share_bar("Backing up") as advance:
        written = write_backup(
            settings(), database, folder,
            actor=f"operator:{login()}", clock=SystemClock(), recipients=recipients,
            with_held=not without_held, advance=advance,
        )  # fmt: skip
    about = written.manifest
    click.echo(
        json.dumps(
            {
                "backup": str(folder),
                "created_at": about.created_at.isoformat(),
                "rows": sum(about.tables.values()),
                "held": sum(each.name.startswith("held/") for each in about.files),
                "bytes": sum(each.size_bytes for each in about.files),
                "encrypted": bool(recipients),
            }
        )
    )
    for name in about.unread:
        announce(f"amparo: The held upload {name} could not be read, and is not in the backup.")
    if about.elsewhere and about.with_held:
        announce(
            f"{about.elsewhere} held uploads are not on this host; run `amparo backup` on the "
            "others too."
        )
    announce("The keys are not in it: keep copies of them elsewhere, apart from backups.")
    leave(1 if about.unread else 0)
