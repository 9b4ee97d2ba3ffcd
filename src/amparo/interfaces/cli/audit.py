"""`amparo audit`: the record of who did what, and whether it is as it was written."""

from pathlib import Path
from uuid import UUID

import click

from amparo.core.settings import settings
from amparo.interfaces.cli.database import opened
from amparo.interfaces.cli.options import announce, leave
from amparo.interfaces.cli.progress import counting


@click.group("audit", short_help="Verify the audit trail.")
def command() -> None:
    """Look after the record of who did what.

    \b
    Example:
      amparo audit verify
    """


@command.command("verify")
@click.option(
    "--witness", "named", multiple=True, metavar="FILE|URL",
    help="A file of checkpoints that was kept elsewhere, or another Amparo; may be given again.",
)  # fmt: skip
@click.option(
    "--witness-key-file", "key_file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with the key by which the other Amparo knows you.",
)  # fmt: skip
@click.option(
    "--witness-trail", "trail", metavar="NAME",
    help="Which trail there, where the key reads several.",
)  # fmt: skip
@click.option(
    "--restored", "restored", type=click.UUID, multiple=True, metavar="ID",
    help="A restore that you made, by the id that it has printed; may be given again.",
)  # fmt: skip
def verify(
    named: tuple[str, ...], key_file: Path | None, trail: str | None, restored: tuple[UUID, ...]
) -> None:
    """Read the whole trail, and name the entry at which it is not as it was written.

    What a witness knows of and is not on record is taken for cut off, unless a restore of yours
    has lost it: nobody but you can tell that you made it.

    \b
    Exit status: 0, 1 where something was changed, removed, moved or cut, or 2 where that cannot
    be told.

    \b
    Example:
      amparo audit verify --witness /mnt/elsewhere/witness.jsonl
      amparo audit verify --witness https://amparo.elsewhere.example
      amparo audit verify --restored 0198c5f0-a1b2-7c3d-8e4f-5a6b7c8d9e0f
    """
    from amparo.access.audit.seal import newest_head
    from amparo.access.audit.signing import existing_signing_key, signing_key
    from amparo.access.audit.telling import forget_refusals
    from amparo.access.audit.verify import OTHER_KEY, TamperedError
    from amparo.access.audit.verify import verify as verify_trail
    from amparo.app.witnesses import told_to, witnesses_named

    named = named or witnesses_named(settings())
    with opened() as database, counting("Verifying", "entries") as advance:
        with database.reading() as work:
            was_signed = newest_head(work).position > 0
        # Where something was signed, a new key in the place of a missing one would blame the trail.
        find = existing_signing_key if was_signed else signing_key
        key = find(settings().audit_key).public_key()
        told = told_to(settings(), key, named, key_file, trail)
        try:
            found = verify_trail(database, key, witness=told, restored=restored, advance=advance)
        except TamperedError as error:
            announce(f"amparo: {error.message}")
            if error.code == OTHER_KEY:
                announce(_who_signs(settings().audit_key))
            leave(1)
        # Not sooner: what is lost, and what nobody says was restored, stays a refusal.
        forget_refusals(database, named)
    click.echo(
        f"{found.entries} entries as they were written, by {found.checkpoints} signed checkpoints; "
        f"{found.waiting} wait to be sealed."
    )
    for each in found.lost:
        click.echo(f"{each} You say that you made it: compare that with what you wrote down.")
    if told:
        kept = "are on record or were lost by that" if found.lost else "are on record"
        click.echo(f"{len(told)} checkpoints that were told to witnesses {kept}.")
    else:
        announce("Without a witness nobody can tell whether the end was cut off with the key.")
    leave(0)


def _who_signs(key: Path) -> str:
    """What can be done where a checkpoint is another key's."""
    return (
        f"The key that signs now is {key}. Where that took the place of a lost one (`amparo db "
        "forget-key audit`), it cannot verify what the lost one signed: a copy of the lost one, "
        "named in AMPARO_AUDIT_KEY_FILE for this command alone, can up to there."
    )
