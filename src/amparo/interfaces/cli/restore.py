"""`amparo restore`: a backup in the place of the database that the settings name."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amparo.core.settings import settings
from amparo.interfaces.cli.options import announce, leave
from amparo.interfaces.cli.progress import share_bar

if TYPE_CHECKING:
    from amparo.app.backup.restore import Restored


@click.command("restore", short_help="Put a backup in the database's place.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Also where the database is not empty.")
@click.option("--drill", is_flag=True, help="Only to see that it can be done: it tells nobody.")
@click.option(
    "--identity", type=click.Path(path_type=Path),
    help="The file of the age key that the backup was encrypted to.",
)  # fmt: skip
def command(folder: Path, replace: bool, drill: bool, identity: Path | None) -> None:
    """Restore the backup in FOLDER onto the database that AMPARO_DATABASE_URL names.

    Every byte is verified first; then all of it is in place, or nothing has changed. It does not
    matter whether the backup came from SQLite or PostgreSQL. Stop the service on all hosts before.
    An SQLite database that it replaces is kept beside it.

    What is restored with --drill can be served and looked at as any other, and tells nobody:
    neither webhooks nor witnesses nor a second address. A drill never replaces anything.

    \b
    Example:
      amparo restore /mnt/backups/2026-11-25
      amparo restore /mnt/offsite/2026-11-25 --identity key.txt --replace
      AMPARO_HOME=$PWD/drill amparo restore --drill /mnt/backups/2026-11-25
    """
    if drill and replace:
        raise click.UsageError(
            "--drill and --replace exclude each other: a drill never replaces anything."
        )
    from amparo.app.backup import restore
    from amparo.app.backup.age_keys import identities_of
    from amparo.core.clock import SystemClock
    from amparo.interfaces.cli.database import login

    with share_bar("Restoring") as advance:
        restored = restore(
            settings(), folder,
            actor=f"operator:{login()}", clock=SystemClock(), replace=replace, drill=drill,
            identities=identities_of(identity) if identity else (), advance=advance,
        )  # fmt: skip
    about = restored.manifest
    click.echo(
        json.dumps(
            {
                "restored": str(folder),
                "id": str(restored.epoch),
                "drill": drill,
                "backup_of": about.created_at.isoformat(),
                "rows": sum(about.tables.values()),
                "held": sum(each.name.startswith("held/") for each in about.files),
                "kept": str(restored.kept) if restored.kept else None,
                "keys": {name.value: found.value for name, found in restored.keys.items()},
            }
        )
    )
    _tell_of_keys(restored.keys)
    (_tell_of_drill if drill else _tell_of_the_past)(restored)
    if restored.kept:
        announce(f"The database that was there is {restored.kept}; remove it once all is well.")
    _tell_of_id(restored)
    leave(0)


def _tell_of_drill(restored: "Restored") -> None:
    at = restored.manifest.created_at.isoformat(" ", "seconds")
    announce(
        f"This is a drill: everything is as it was at {at}, and nobody is told of anything. Try "
        "`amparo audit verify`, and `amparo serve --port 8081`, with the same settings. Remove it "
        f"afterwards, the keys first: {settings().home} and its database."
    )


def _tell_of_the_past(restored: "Restored") -> None:
    at = restored.manifest.created_at.isoformat(" ", "seconds")
    announce(
        f"Everything is as it was at {at}. What happened later is not known here: people who were "
        "removed, keys and webhooks that were taken back, signals that were withdrawn and recovery "
        "codes that were used since hold again. Do that again now: new recovery codes are made at "
        "`/console/`. Everybody must sign in anew; invitations that were open have ended, and "
        "`amparo people invite-again` makes new ones."
    )


def _tell_of_id(restored: "Restored") -> None:
    about = restored.manifest
    at = about.created_at.isoformat(" ", "seconds")
    announce(
        f"Write this down: restore {restored.epoch}, from a backup of {at} with "
        f"{about.audit_position} sealed entries. Where a witness knows of entries that are lost "
        f"now, `amparo audit verify` asks for it: --restored {restored.epoch}"
    )


def _tell_of_keys(keys: object) -> None:
    from amparo.app.backup.keys_at_hand import AtHand
    from amparo.app.kept_keys import WORDS, file_of, way_out

    assert isinstance(keys, dict)
    for name, found in keys.items():
        where = file_of(settings(), name)
        if found is AtHand.MISSING:
            announce(f"amparo: The {WORDS[name]} {where} is not there. {way_out(name)}")
        elif found is AtHand.OTHER:
            announce(
                f"amparo: The {WORDS[name]} {where} is not the one that this was written with. "
                f"{way_out(name)}"
            )
